import type { ReactNode } from "react";
import { useAction } from "../data/use-action";
import { Button } from "./button";
import { Refusal } from "./states";

/** A row of a list with what is said of it; its last button takes it away. */
export function Removable({
  name,
  note,
  deed,
  spoken,
  onRemove,
  beside,
  error,
}: {
  name: string;
  note: string;
  deed: string;
  /** The deed with its object, for those who do not see the row. */
  spoken: string;
  onRemove: () => Promise<unknown>;
  beside?: ReactNode;
  /** Why what stands beside it was refused. */
  error?: unknown;
}) {
  const take = useAction(onRemove);
  return (
    <li className="grid gap-2 py-3">
      <div className="flex flex-wrap items-center justify-between gap-2 sm:flex-nowrap">
        <p className="min-w-0">
          <span className="block truncate font-medium">{name}</span>
          <span className="text-sm text-muted">{note}</span>
        </p>
        <div className="flex gap-2">
          {beside}
          <Button kind="danger" busy={take.busy} aria-label={spoken} onClick={() => void take.run()}>
            {deed}
          </Button>
        </div>
      </div>
      <Refusal error={take.error ?? error} />
    </li>
  );
}
