import { Link } from "wouter";
import { get, post } from "../api/client";
import type { Application } from "../api/types";
import { useAction } from "../data/use-action";
import { usePages } from "../data/use-resource";
import { ago } from "../data/words";
import { Button, ButtonLink } from "../ui/button";
import { Page } from "../ui/page";
import { Card } from "../ui/parts";
import { Empty, PagedList, Refusal } from "../ui/states";
import { Status } from "../ui/status";

const OPEN = new Set(["submitted", "reviewed", "shortlisted"]);

function Row({ one, onChange }: { one: Application; onChange: (status: string) => void }) {
  const withdraw = useAction(async () => {
    const path = { application_id: one.id };
    onChange((await post("/api/v1/applications/{application_id}/withdraw", { path })).status);
  });
  return (
    <Card className="grid gap-3">
      <div className="flex flex-wrap items-start justify-between gap-3">
        <div>
          <h2 className="text-lg">
            <Link href={`/jobs/${one.job.id}`} className="hover:underline">
              {one.job.title}
            </Link>
          </h2>
          <p className="text-sm text-muted">
            {one.job.company_name} · sent {ago(one.created_at)}
          </p>
        </div>
        <Status of={one.status} />
      </div>
      <details>
        <summary className="cursor-pointer text-sm text-accent">What you wrote</summary>
        <p className="mt-2 max-w-prose text-sm whitespace-pre-line">{one.cover_letter}</p>
      </details>
      <Refusal error={withdraw.error} />
      {OPEN.has(one.status) && (
        <div>
          <Button kind="danger" busy={withdraw.busy} onClick={() => void withdraw.run()}>
            Withdraw
          </Button>
        </div>
      )}
    </Card>
  );
}

export default function Applications() {
  const list = usePages("applications", (cursor, signal) =>
    get("/api/v1/applications", { query: { limit: 20, ...(cursor && { cursor }) }, ...(signal && { signal }) }),
  );
  const changed = (id: number, status: string) =>
    list.change((items) => items.map((one) => (one.id === id ? { ...one, status } : one)));
  return (
    <Page title="Your applications" narrow>
      <PagedList
        resource={list}
        empty={
          <Empty icon="briefcase" title="You have not applied yet" action={<ButtonLink href="/jobs">See jobs</ButtonLink>}>
            What you send, and what becomes of it, will be here.
          </Empty>
        }
      >
        {(items) => (
          <ul className="grid gap-3">
            {items.map((one) => (
              <li key={one.id}>
                <Row one={one} onChange={(status) => changed(one.id, status)} />
              </li>
            ))}
          </ul>
        )}
      </PagedList>
    </Page>
  );
}
