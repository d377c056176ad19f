import type { FormEvent, ReactNode } from "react";
import { entered } from "../data/use-action";
import { Button } from "./button";
import { Refusal } from "./states";

/** A form with one button; what was refused is said above it. */
export function Form({
  onSend,
  busy,
  error,
  label,
  children,
  beside,
}: {
  onSend: (held: Record<string, string>, form: HTMLFormElement) => unknown;
  busy: boolean;
  error: unknown;
  label: string;
  children: ReactNode;
  beside?: ReactNode;
}) {
  const send = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    void onSend(entered(event.currentTarget), event.currentTarget);
  };
  return (
    <form onSubmit={send} className="grid gap-5">
      {children}
      <Refusal error={error} />
      <div className="flex flex-wrap items-center gap-3">
        <Button type="submit" busy={busy}>
          {label}
        </Button>
        {beside}
      </div>
    </form>
  );
}
