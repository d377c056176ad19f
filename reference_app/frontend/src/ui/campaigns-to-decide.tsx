import { useState } from "react";
import { get, post } from "../api/client";
import type { SubmittedCampaign } from "../api/types";
import { placeInWords } from "../data/campaigns";
import { useAction } from "../data/use-action";
import { usePages } from "../data/use-resource";
import { date } from "../data/words";
import { Button } from "./button";
import { TextField } from "./fields";
import { Form } from "./form";
import { Card } from "./parts";
import { PagedList, Refusal } from "./states";

function Decision({ one, onDecided }: { one: SubmittedCampaign; onDecided: () => void }) {
  const [isRejecting, setRejecting] = useState(false);
  const path = { campaign_id: one.id };
  const approve = useAction(async () => {
    await post("/api/v1/admin/campaigns/{campaign_id}/approve", { path });
    onDecided();
  });
  const reject = useAction(async (held: Record<string, string>) => {
    const body = { reason: held["reason"] ?? "" };
    await post("/api/v1/admin/campaigns/{campaign_id}/reject", { path, body });
    onDecided();
  });
  return (
    <Card className="grid gap-3">
      <h3 className="text-lg break-words">{one.title}</h3>
      <p className="break-words">{one.text}</p>
      <p className="text-sm break-all text-muted">{one.target_url}</p>
      <p className="text-sm text-muted">
        {placeInWords(one.placement)}, {date(one.starts_at)} to {date(one.ends_at)}
      </p>
      {isRejecting ? (
        <Form
          label="Reject it"
          busy={reject.busy}
          error={reject.error}
          onSend={reject.run}
          beside={
            <Button kind="quiet" onClick={() => setRejecting(false)}>
              Cancel
            </Button>
          }
        >
          <TextField label="Why?" name="reason" required maxLength={300} hint="Its owner reads it." autoFocus />
        </Form>
      ) : (
        <div className="flex flex-wrap gap-3">
          <Button busy={approve.busy} aria-label={`Approve: ${one.title}`} onClick={() => void approve.run()}>
            Approve
          </Button>
          <Button kind="danger" aria-label={`Reject: ${one.title}`} onClick={() => setRejecting(true)}>
            Reject
          </Button>
        </div>
      )}
      <Refusal error={approve.error} />
    </Card>
  );
}

/** Campaigns that wait for an administrator's word. */
export function CampaignsToDecide() {
  const list = usePages("campaigns-to-decide", (cursor, signal) =>
    get("/api/v1/admin/campaigns", { query: { limit: 20, ...(cursor && { cursor }) }, ...(signal && { signal }) }),
  );
  const decided = (id: number) => list.change((items) => items.filter((one) => one.id !== id));
  return (
    <section aria-labelledby="to-decide">
      <h2 id="to-decide" className="mb-3 text-xl">
        Campaigns to decide on
      </h2>
      <PagedList resource={list} empty={<p className="text-muted">None waits.</p>}>
        {(items) => (
          <ul className="grid gap-3">
            {items.map((one) => (
              <li key={one.id}>
                <Decision one={one} onDecided={() => decided(one.id)} />
              </li>
            ))}
          </ul>
        )}
      </PagedList>
    </section>
  );
}
