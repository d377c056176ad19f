import { Link } from "wouter";
import { get } from "../api/client";
import type { Campaign } from "../api/types";
import { placeInWords } from "../data/campaigns";
import { usePages } from "../data/use-resource";
import { counted, date } from "../data/words";
import { ButtonLink } from "../ui/button";
import { CampaignSteps } from "../ui/campaign-steps";
import { Page } from "../ui/page";
import { Alert, Empty, PagedList } from "../ui/states";
import { Card } from "../ui/parts";
import { Status } from "../ui/status";

function Row({ one, onStatus }: { one: Campaign; onStatus: (status: string) => void }) {
  return (
    <Card className="grid gap-4">
      <div className="flex flex-wrap items-start justify-between gap-3">
        <div className="min-w-0">
          <h2 className="text-lg break-words">
            <Link href={`/desk/campaigns/${one.id}`} className="hover:underline">
              {one.title}
            </Link>
          </h2>
          <p className="text-sm text-muted">
            {placeInWords(one.placement)}, {date(one.starts_at)} to {date(one.ends_at)}
          </p>
        </div>
        <Status of={one.status} />
      </div>
      <p className="flex flex-wrap gap-x-5 gap-y-1 text-sm text-muted">
        <span>{counted(one.impressions, "impression")}</span>
        <span>{counted(one.clicks, "click")}</span>
      </p>
      {one.rejection !== null && <Alert>Not accepted: {one.rejection}</Alert>}
      <CampaignSteps id={one.id} title={one.title} status={one.status} onStatus={onStatus} />
    </Card>
  );
}

export default function Campaigns() {
  const list = usePages("own-campaigns", (cursor, signal) =>
    get("/api/v1/campaigns/mine", { query: { limit: 20, ...(cursor && { cursor }) }, ...(signal && { signal }) }),
  );
  const changed = (id: number, status: string) =>
    list.change((items) => items.map((one) => (one.id === id ? { ...one, status } : one)));
  return (
    <Page
      title="Advertising"
      lead="Shown to visitors and to members on Free, once we have looked at it and you have started it."
      actions={<ButtonLink href="/desk/campaigns/new">New campaign</ButtonLink>}
    >
      <PagedList
        resource={list}
        empty={
          <Empty icon="star" title="No campaigns yet" action={<ButtonLink href="/desk/campaigns/new">Make your first</ButtonLink>}>
            How often each was shown and clicked will stand here.
          </Empty>
        }
      >
        {(items) => (
          <ul className="grid gap-3">
            {items.map((one) => (
              <li key={one.id}>
                <Row one={one} onStatus={(status) => changed(one.id, status)} />
              </li>
            ))}
          </ul>
        )}
      </PagedList>
    </Page>
  );
}
