import { get, post } from "../api/client";
import type { Subscription } from "../api/types";
import { featureInWords, usageInWords } from "../data/tiers";
import { useAction } from "../data/use-action";
import { usePages, useResource } from "../data/use-resource";
import { date, money, wordFor } from "../data/words";
import { Button, ButtonLink } from "../ui/button";
import { Page } from "../ui/page";
import { Card } from "../ui/parts";
import { Note, PagedList, Pending, Refusal } from "../ui/states";
import { Status } from "../ui/status";

function Meter({ feature, used, limit }: { feature: string; used: number | null; limit: number | null }) {
  const isFull = limit !== null && limit > 0 && (used ?? 0) >= limit;
  const name = wordFor(featureInWords(feature));
  return (
    <div className="grid gap-1.5">
      <p className="flex justify-between gap-4 text-sm">
        <span className="font-medium">{name}</span>
        <span className={isFull ? "text-danger" : "text-muted"}>{usageInWords(used, limit)}</span>
      </p>
      {limit !== null && limit > 0 && (
        <progress
          aria-label={name}
          max={limit}
          value={Math.min(used ?? 0, limit)}
          className={`meter ${isFull ? "meter-full" : ""}`}
        />
      )}
    </div>
  );
}

function Plan({ own, onChange }: { own: Subscription; onChange: () => void }) {
  const cancel = useAction(async () => {
    await post("/api/v1/subscriptions/cancel", {});
    onChange();
  });
  const resume = useAction(async () => {
    await post("/api/v1/subscriptions/reactivate", {});
    onChange();
  });
  const portal = useAction(async () =>
    location.assign((await post("/api/v1/subscriptions/portal", {})).url),
  );
  const isPaid = own.tier !== "free" && own.status !== null;
  const until = own.current_period_end === null ? null : date(own.current_period_end);
  return (
    <Card className="grid gap-4">
      <div className="flex flex-wrap items-center justify-between gap-3">
        <h2 className="text-xl">{wordFor(own.tier)}</h2>
        {own.status !== null && <Status of={own.status} />}
      </div>
      {own.trial_end !== null && own.status === "trialing" && (
        <p className="text-muted">You try it for free until {date(own.trial_end)}.</p>
      )}
      {isPaid && until !== null && (
        <p className="text-muted">{own.cancel_at_period_end ? `It ends on ${until}.` : `It renews on ${until}.`}</p>
      )}
      {own.grace_until !== null && (
        <Note>A payment failed. Mend it before {date(own.grace_until)} to keep your plan.</Note>
      )}
      <Refusal error={cancel.error ?? resume.error ?? portal.error} />
      <div className="flex flex-wrap gap-3">
        <ButtonLink href="/pricing">{isPaid ? "Change plan" : "See plans"}</ButtonLink>
        {isPaid && (
          <Button kind="plain" busy={portal.busy} onClick={() => void portal.run()}>
            Cards and invoices
          </Button>
        )}
        {isPaid &&
          (own.cancel_at_period_end ? (
            <Button kind="plain" busy={resume.busy} onClick={() => void resume.run()}>
              Keep the plan
            </Button>
          ) : (
            <Button kind="danger" busy={cancel.busy} onClick={() => void cancel.run()}>
              Cancel
            </Button>
          ))}
      </div>
    </Card>
  );
}

function Payments() {
  const list = usePages("payments", (cursor, signal) =>
    get("/api/v1/subscriptions/payments", { query: { limit: 20, ...(cursor && { cursor }) }, ...(signal && { signal }) }),
  );
  return (
    <PagedList resource={list} empty={<p className="text-muted">Nothing paid yet.</p>}>
      {(items) => (
        <div className="overflow-x-auto" tabIndex={0} role="region" aria-label="Payments">
          <table className="w-full text-left text-sm">
            <thead className="text-muted">
              <tr>
                <th scope="col" className="py-2 pr-4 font-medium">Day</th>
                <th scope="col" className="py-2 pr-4 font-medium">Plan</th>
                <th scope="col" className="py-2 pr-4 font-medium">Paid</th>
                <th scope="col" className="py-2 font-medium">State</th>
              </tr>
            </thead>
            <tbody>
              {items.map((one) => (
                <tr key={one.id} className="border-t border-line">
                  <td className="py-3 pr-4">{date(one.created_at)}</td>
                  <td className="py-3 pr-4">{one.tier === null ? "" : wordFor(one.tier)}</td>
                  <td className="py-3 pr-4">{money(one.amount_paid_cents)}</td>
                  <td className="py-3">{wordFor(one.status)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </PagedList>
  );
}

export default function Billing() {
  const own = useResource("subscription", (signal) => get("/api/v1/subscriptions/me", { signal }));
  if (own.data === undefined) {
    return (
      <Page title="Plan and billing" narrow>
        <Pending of={own} />
      </Page>
    );
  }
  const measured = own.data.usage;
  const resets = measured.find((one) => one.resets_at !== null)?.resets_at;
  return (
    <Page title="Plan and billing" narrow>
      <div className="grid gap-8">
        <Plan own={own.data} onChange={own.reload} />
        <section>
          <h2 className="mb-4 text-xl">What you have used</h2>
          <Card className="grid gap-5">
            {measured.map((one) => (
              <Meter key={one.feature} {...one} />
            ))}
            {resets && <p className="text-sm text-muted">Monthly counts begin anew on {date(resets)}.</p>}
          </Card>
        </section>
        <section>
          <h2 className="mb-4 text-xl">Payments</h2>
          <Payments />
        </section>
      </div>
    </Page>
  );
}
