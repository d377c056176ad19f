import { useState } from "react";
import { useParams } from "wouter";
import { get, patch } from "../api/client";
import type { Campaign } from "../api/types";
import { isOpenToChange, placeInWords } from "../data/campaigns";
import { useResource } from "../data/use-resource";
import { date, islandName, money, number, wordFor } from "../data/words";
import { ButtonLink } from "../ui/button";
import { CampaignForm } from "../ui/campaign-form";
import { CampaignSteps } from "../ui/campaign-steps";
import { Facts } from "../ui/facts";
import { Page } from "../ui/page";
import { Card } from "../ui/parts";
import { Alert, Note, Pending } from "../ui/states";
import { Status } from "../ui/status";

const DAYS = 30;

function Figures({ id }: { id: number }) {
  const { data, error, reload } = useResource(`campaign-figures/${id}`, (signal) =>
    get("/api/v1/campaigns/{campaign_id}/statistics", {
      path: { campaign_id: id },
      query: { days: DAYS },
      signal,
    }),
  );
  if (data === undefined) return <Pending of={{ error, reload }} rows={1} />;
  return (
    <section aria-labelledby="figures" className="grid gap-4">
      <h2 id="figures" className="text-xl">
        The last {DAYS} days
      </h2>
      <Facts
        className="grid-cols-2 sm:grid-cols-4"
        facts={[
          ["Impressions", number(data.impressions)],
          ["Clicks", number(data.clicks)],
          ["Click rate", data.click_rate === null ? "none" : `${(data.click_rate * 100).toFixed(1)} %`],
          ["At your price", money(data.cost_cents)],
        ]}
      />
      {data.days.length > 0 && (
        <Card>
          <table className="w-full text-sm">
            <caption className="sr-only">By day</caption>
            <thead className="text-left text-muted">
              <tr>
                <th scope="col" className="py-1 font-medium">Day</th>
                <th scope="col" className="py-1 text-right font-medium">Impressions</th>
                <th scope="col" className="py-1 text-right font-medium">Clicks</th>
              </tr>
            </thead>
            <tbody className="divide-y divide-line">
              {data.days.map(({ day, impressions, clicks }) => (
                <tr key={day}>
                  <th scope="row" className="py-1.5 text-left font-normal">{date(day)}</th>
                  <td className="py-1.5 text-right">{number(impressions)}</td>
                  <td className="py-1.5 text-right">{number(clicks)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Card>
      )}
    </section>
  );
}

function About({ one }: { one: Campaign }) {
  const only = [one.island && islandName(one.island), one.category && wordFor(one.category)].filter(Boolean);
  return (
    <Card className="grid gap-2">
      <p className="font-semibold">{one.title}</p>
      <p className="break-words">{one.text}</p>
      <p className="text-sm break-all text-muted">{one.target_url}</p>
      <p className="text-sm text-muted">
        {[placeInWords(one.placement), ...only].join(", ")}. At most {number(one.daily_impressions)} a day and{" "}
        {number(one.total_impressions)} in all, {money(one.cpm_cents)} a thousand.
      </p>
    </Card>
  );
}

export default function CampaignPage() {
  const id = Number(useParams()["id"]);
  const [isSaved, setSaved] = useState(false);
  const { data: one, error, reload, change } = useResource(`campaign/${id}`, (signal) =>
    get("/api/v1/campaigns/{campaign_id}", { path: { campaign_id: id }, signal }),
  );
  if (one === undefined) {
    return (
      <Page title="Campaign" heading={<span className="sr-only">Campaign</span>} narrow>
        <Pending of={{ error, reload }} />
      </Page>
    );
  }
  return (
    <Page
      key={id}
      title={one.title}
      narrow
      lead={`${date(one.starts_at)} to ${date(one.ends_at)}`}
      actions={
        <ButtonLink kind="plain" href="/desk/campaigns">
          All campaigns
        </ButtonLink>
      }
    >
      <div className="grid gap-6">
        <div className="grid justify-items-start gap-4">
          <Status of={one.status} />
          {one.status === "submitted" && <Note>We look at it, and you can start it then.</Note>}
          {one.rejection !== null && <Alert>Not accepted: {one.rejection}</Alert>}
          <CampaignSteps
            id={id}
            title={one.title}
            status={one.status}
            onStatus={(status) => change((now) => ({ ...now, status }))}
          />
        </div>
        {isOpenToChange(one) ? (
          <Card className="grid gap-5">
            <CampaignForm
              campaign={one}
              label="Save the draft"
              onSend={async (draft) => {
                const changed = await patch("/api/v1/campaigns/{campaign_id}", { path: { campaign_id: id }, body: draft });
                change((now) => ({ ...now, ...changed }));
                setSaved(true);
              }}
            />
            {isSaved && <Note>Saved</Note>}
          </Card>
        ) : (
          <>
            <About one={one} />
            <Figures id={id} />
          </>
        )}
      </div>
    </Page>
  );
}
