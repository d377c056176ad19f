import type { ReactNode } from "react";
import { get } from "../api/client";
import { useResource, type Resource } from "../data/use-resource";
import { date, money, number, wordFor } from "../data/words";
import { CampaignsToDecide } from "../ui/campaigns-to-decide";
import { Page } from "../ui/page";
import { Card } from "../ui/parts";
import { Pending } from "../ui/states";

type Row = [name: string, value: ReactNode];

function Figures({ title, evidence, rows }: { title: string; evidence?: string | undefined; rows: Row[] }) {
  return (
    <section>
      <h2 className="mb-3 flex items-baseline justify-between gap-3 text-xl">
        {title}
        {evidence !== undefined && <span className="text-sm font-normal text-muted">{evidence}</span>}
      </h2>
      <Card>
        <dl className="grid gap-x-8 gap-y-3 text-sm sm:grid-cols-2">
          {rows.map(([name, value]) => (
            <div key={name} className="flex justify-between gap-4 border-b border-line pb-2">
              <dt className="text-muted">{name}</dt>
              <dd className="font-medium tabular-nums">{value}</dd>
            </div>
          ))}
        </dl>
      </Card>
    </section>
  );
}

function Known<T>({ of, children }: { of: Resource<T>; children: (data: T) => ReactNode }) {
  if (of.data !== undefined) return <>{children(of.data)}</>;
  return <Pending of={of} rows={2} />;
}

const share = (rate: number | null) => (rate === null ? "none yet" : `${(rate * 100).toFixed(1)} %`);
const dollars = (cents: number | null) => (cents === null ? "none yet" : money(Math.round(cents)));

export default function Admin() {
  const revenue = useResource("admin/revenue", (signal) =>
    get("/api/v1/admin/analytics/revenue", { signal }),
  );
  const growth = useResource("admin/growth", (signal) =>
    get("/api/v1/admin/analytics/growth", { signal }),
  );
  const people = useResource("admin/people", (signal) =>
    get("/api/v1/admin/analytics/people", { signal }),
  );
  const jobs = useResource("admin/jobs", (signal) => get("/api/v1/admin/analytics/jobs", { signal }));
  const ads = useResource("admin/ads", (signal) =>
    get("/api/v1/admin/advertising/statistics", { signal }),
  );
  return (
    <Page title="Figures" lead="Of the whole board, each with what it rests on.">
      <div className="grid gap-8">
        <CampaignsToDecide />
        <Known of={revenue}>
          {(now) => (
            <Figures
              title="Revenue"
              evidence={now.evidence}
              rows={[
                ["Monthly recurring", money(now.mrr_cents)],
                ["Yearly at this rate", money(now.arr_cents)],
                ["Per user", dollars(now.arpu_cents)],
                ["Per paying user", dollars(now.arppu_cents)],
                ["Users", number(now.users)],
                ["Paying", number(now.paying)],
                ["On trial", number(now.trialing)],
                ["Collected in 30 days", money(now.collected_30_days_cents)],
                ...now.tiers.map((one): Row => [`${wordFor(one.tier)}, paying ${number(one.paying)}`, money(one.mrr_cents)]),
              ]}
            />
          )}
        </Known>
        <Known of={growth}>
          {(now) => (
            <Figures
              title={`Growth since ${date(now.since)}`}
              evidence={now.evidence}
              rows={[
                ["Free to paid", share(now.free_to_paid.rate)],
                ["Trial to paid", share(now.trial_to_paid.rate)],
                ["Customers lost", share(now.customer_churn.rate)],
                ["Revenue lost", share(now.revenue_churn.rate)],
              ]}
            />
          )}
        </Known>
        <Known of={people}>
          {(now) => (
            <section>
              <h2 className="mb-3 text-xl">People by day</h2>
              <Card>
                <div className="max-h-80 overflow-auto" tabIndex={0} role="region" aria-label="People by day">
                  <table className="w-full text-left text-sm tabular-nums">
                    <thead className="text-muted">
                      <tr>
                        {["Day", "Signed up", "Active", "Active in 30 days"].map((name) => (
                          <th key={name} scope="col" className="py-2 pr-4 font-medium">
                            {name}
                          </th>
                        ))}
                      </tr>
                    </thead>
                    <tbody>
                      {[...now.days].reverse().map((one) => (
                        <tr key={one.day} className="border-t border-line">
                          <td className="py-2 pr-4">{date(one.day)}</td>
                          <td className="py-2 pr-4">{number(one.signups)}</td>
                          <td className="py-2 pr-4">{number(one.active)}</td>
                          <td className="py-2">{number(one.active_30_days)}</td>
                        </tr>
                      ))}
                    </tbody>
                  </table>
                </div>
              </Card>
            </section>
          )}
        </Known>
        <Known of={jobs}>
          {(now) => (
            <Figures
              title="Jobs and applications"
              evidence={now.evidence}
              rows={[
                ...Object.entries(now.jobs).map(([state, n]): Row => [`Jobs, ${wordFor(state).toLowerCase()}`, number(n)]),
                ...Object.entries(now.applications).map(([state, n]): Row => [`Applications, ${wordFor(state).toLowerCase()}`, number(n)]),
                ["Jobs hidden", number(now.hidden_jobs)],
              ]}
            />
          )}
        </Known>
        <Known of={ads}>
          {(now) => (
            <Figures
              title={`Advertising since ${date(now.since)}`}
              rows={Object.entries(now.figures).map(([name, figure]): Row => [
                wordFor(name.replace(/_cents$/, "")),
                <>
                  {figure.value === null ? "none yet" : name.endsWith("_cents") ? money(figure.value) : number(figure.value)}{" "}
                  <span className="font-normal text-muted">{figure.evidence}</span>
                </>,
              ])}
            />
          )}
        </Known>
      </div>
    </Page>
  );
}
