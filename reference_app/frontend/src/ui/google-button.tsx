import { goToGoogle, useOffered, type Role } from "../data/google";
import { useAction } from "../data/use-action";
import { Button } from "./button";
import { Refusal } from "./states";

/** Nothing where the board does not offer it. `role` is what one without an account becomes. */
export function GoogleButton({ role, next }: { role: Role; next: string }) {
  const isOffered = useOffered();
  const go = useAction(() => goToGoogle(role, next));
  if (!isOffered) return null;
  return (
    <div className="grid gap-3 border-t border-line pt-5">
      <Button kind="plain" busy={go.busy} onClick={() => void go.run()}>
        Go on with Google
      </Button>
      <Refusal error={go.error} />
    </div>
  );
}
