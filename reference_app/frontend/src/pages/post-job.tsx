import { useState } from "react";
import { useLocation } from "wouter";
import { get, post } from "../api/client";
import type { JobDraft } from "../api/types";
import { cents, useAction } from "../data/use-action";
import { useResource } from "../data/use-resource";
import { EMPLOYMENT_TYPES, wordFor } from "../data/words";
import { Select, TextArea, TextField, type Choice } from "../ui/fields";
import { Form } from "../ui/form";
import { Page } from "../ui/page";
import { Card } from "../ui/parts";
import { Pending } from "../ui/states";

const NEW = "new";

async function whatIsChosenFrom(signal: AbortSignal) {
  const [companies, islands, fields] = await Promise.all([
    get("/api/v1/companies/mine", { query: { limit: 50 }, signal }),
    get("/api/v1/islands", { signal }),
    get("/api/v1/categories", { signal }),
  ]);
  const named = ({ slug, name }: { slug: string; name: string }): Choice => ({ value: slug, name });
  return {
    companies: companies.items.map(({ company }) => ({ value: String(company.id), name: company.name })),
    islands: islands.items.map(named),
    fields: fields.items.map(named),
  };
}

export default function PostJob() {
  const [, go] = useLocation();
  const [company, setCompany] = useState<string | null>(null);
  // What an earlier press already made is not made again when a later step is refused.
  const [made, setMade] = useState<{ company?: number; job?: number }>({});
  const choices = useResource("posting", whatIsChosenFrom);
  const publish = useAction(async (held: Record<string, string>) => {
    let companyId = made.company ?? Number(held["company"]);
    if (held["company_name"] !== undefined && made.company === undefined) {
      companyId = (await post("/api/v1/companies", { body: { name: held["company_name"] } })).id;
      setMade((now) => ({ ...now, company: companyId }));
    }
    let jobId = made.job;
    if (jobId === undefined) {
      const draft = {
        company_id: companyId,
        title: held["title"],
        description: held["description"],
        island: held["island"],
        category: held["category"],
        employment_type: held["employment_type"],
        salary_min_cents: cents(held["salary_min"]),
        salary_max_cents: cents(held["salary_max"]),
      } as JobDraft;
      jobId = (await post("/api/v1/jobs", { body: draft })).id;
      setMade((now) => ({ ...now, job: jobId as number }));
    }
    await post("/api/v1/jobs/{job_id}/publish", { path: { job_id: jobId } });
    go(`/jobs/${jobId}`);
  });
  if (choices.data === undefined) {
    return (
      <Page title="Post a job" narrow>
        <Pending of={choices} />
      </Page>
    );
  }
  const { companies, islands, fields } = choices.data;
  const chosen = company ?? companies[0]?.value ?? NEW;
  return (
    <Page title="Post a job" narrow lead="It is published at once, and you can close it at any time.">
      <Card>
        <Form label="Publish" busy={publish.busy} error={publish.error} onSend={publish.run}>
          {companies.length > 0 && (
            <Select
              label="Company"
              name="company"
              value={chosen}
              onChange={(event) => setCompany(event.target.value)}
              choices={[...companies, { value: NEW, name: "Another company…" }]}
            />
          )}
          {chosen === NEW && (
            <TextField label="Company name" name="company_name" required maxLength={120} autoComplete="organization" />
          )}
          <TextField label="Title" name="title" required minLength={3} maxLength={160} placeholder="Experienced plumber" />
          <div className="grid gap-5 sm:grid-cols-2">
            <Select label="Island" name="island" required none="Choose" defaultValue="" choices={islands} />
            <Select label="Field" name="category" required none="Choose" defaultValue="" choices={fields} />
          </div>
          <Select
            label="Kind"
            name="employment_type"
            choices={EMPLOYMENT_TYPES.map((value) => ({ value, name: wordFor(value) }))}
          />
          <div className="grid gap-5 sm:grid-cols-2">
            <TextField label="Pay from, dollars a month" name="salary_min" type="number" min={0} step="0.01" inputMode="decimal" />
            <TextField label="Pay up to, dollars a month" name="salary_max" type="number" min={0} step="0.01" inputMode="decimal" />
          </div>
          <TextArea
            label="What is to be done"
            name="description"
            required
            rows={10}
            maxLength={20000}
            hint="The work, the hours, what one must know. An empty line begins a paragraph."
          />
        </Form>
      </Card>
    </Page>
  );
}
