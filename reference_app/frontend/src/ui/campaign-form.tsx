import { get } from "../api/client";
import type { Campaign, CampaignDraft } from "../api/types";
import { dayOf, draftFrom, PLACEMENTS } from "../data/campaigns";
import { useAction } from "../data/use-action";
import { useResource } from "../data/use-resource";
import { Select, TextArea, TextField } from "./fields";
import { Form } from "./form";

const MONTH_MS = 30 * 86_400_000;

/** A campaign, new or to be changed. */
export function CampaignForm({
  campaign,
  label,
  onSend,
}: {
  campaign?: Campaign;
  label: string;
  onSend: (draft: CampaignDraft) => Promise<unknown>;
}) {
  const islands = useResource("islands", (signal) => get("/api/v1/islands", { signal }));
  const fields = useResource("categories", (signal) => get("/api/v1/categories", { signal }));
  const send = useAction((held: Record<string, string>) => onSend(draftFrom(held)));
  const named = ({ slug, name }: { slug: string; name: string }) => ({ value: slug, name });
  const now = new Date().toISOString();
  const inAMonth = new Date(Date.now() + MONTH_MS).toISOString();
  return (
    <Form label={label} busy={send.busy} error={send.error} onSend={send.run}>
      <TextField label="Title" name="title" required minLength={3} maxLength={160} defaultValue={campaign?.title} placeholder="Learn to dive" />
      <TextArea label="Text" name="text" required rows={3} maxLength={300} defaultValue={campaign?.text} />
      <TextField
        label="Where a click leads"
        name="target_url"
        type="url"
        required
        maxLength={500}
        pattern="https://.+"
        placeholder="https://"
        title="An address that begins with https://"
        defaultValue={campaign?.target_url}
      />
      <Select label="Where it stands" name="placement" none="Everywhere" choices={PLACEMENTS} defaultValue={campaign?.placement ?? ""} />
      <div className="grid gap-5 sm:grid-cols-2">
        <Select
          // Shown anew when its choices come: until then it could not hold one.
          key={`islands ${islands.data === undefined}`}
          label="Only on pages of"
          name="island"
          none="All islands"
          choices={(islands.data?.items ?? []).map(named)}
          defaultValue={campaign?.island ?? ""}
        />
        <Select
          key={`fields ${fields.data === undefined}`}
          label="Only beside"
          name="category"
          none="All fields"
          choices={(fields.data?.items ?? []).map(named)}
          defaultValue={campaign?.category ?? ""}
        />
      </div>
      <div className="grid gap-5 sm:grid-cols-2">
        <TextField label="First day" name="starts" type="date" required defaultValue={dayOf(campaign?.starts_at ?? now)} />
        <TextField label="Last day" name="ends" type="date" required defaultValue={dayOf(campaign?.ends_at ?? inAMonth)} />
      </div>
      <div className="grid items-end gap-5 sm:grid-cols-3">
        <TextField label="Most a day" name="daily" type="number" required min={1} inputMode="numeric" defaultValue={campaign?.daily_impressions ?? 1000} />
        <TextField label="Most in all" name="total" type="number" required min={1} inputMode="numeric" defaultValue={campaign?.total_impressions ?? 30_000} />
        <TextField
          label="Dollars a thousand"
          name="cpm"
          type="number"
          required
          min={0.01}
          max={1000}
          step="0.01"
          inputMode="decimal"
          defaultValue={campaign === undefined ? "5.00" : (campaign.cpm_cents / 100).toFixed(2)}
        />
      </div>
      <p className="text-sm text-muted">How often it is shown, and what a thousand times are worth to you. Days are those of UTC.</p>
    </Form>
  );
}
