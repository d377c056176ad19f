import type { Problem } from "../api/problem";
import { wordFor } from "../data/words";
import { ButtonLink } from "./button";
import { Icon } from "./icons";

/** Where a tier's limit stopped someone: what it is, and which tier lifts it. */
export function UpgradePrompt({ problem }: { problem: Problem }) {
  const { upgrade_tier: upgrade, used, limit } = problem.members;
  return (
    <section
      role="alert"
      aria-label="A limit of your plan"
      className="grid gap-3 rounded-2xl bg-warn-soft p-5 text-warn sm:flex sm:items-center"
    >
      <Icon name="star" className="size-6" />
      <div className="grow">
        <p className="font-semibold">{problem.message}</p>
        {typeof limit === "number" && limit > 0 && typeof used === "number" && (
          <p className="text-sm">
            You have used {used} of {limit}.
          </p>
        )}
      </div>
      {typeof upgrade === "string" && (
        <ButtonLink href={`/pricing?tier=${upgrade}`}>See {wordFor(upgrade)}</ButtonLink>
      )}
    </section>
  );
}
