import { Link } from "wouter";
import { get, post } from "../api/client";
import type { OwnJob } from "../api/types";
import { useAction } from "../data/use-action";
import { usePages, useResource } from "../data/use-resource";
import { counted, islandName, number } from "../data/words";
import { Button, ButtonLink } from "../ui/button";
import { Facts, type Fact } from "../ui/facts";
import { Page } from "../ui/page";
import { Card } from "../ui/parts";
import { Empty, PagedList, Refusal } from "../ui/states";
import { Status } from "../ui/status";

function JobRow({ job, onStatus }: { job: OwnJob; onStatus: (status: string) => void }) {
  const path = { job_id: job.id };
  const publish = useAction(async () =>
    onStatus((await post("/api/v1/jobs/{job_id}/publish", { path })).status),
  );
  const close = useAction(async () =>
    onStatus((await post("/api/v1/jobs/{job_id}/close", { path })).status),
  );
  return (
    <Card className="grid gap-4">
      <div className="flex flex-wrap items-start justify-between gap-3">
        <div>
          <h2 className="text-lg">
            <Link href={`/desk/jobs/${job.id}`} className="hover:underline">
              {job.title}
            </Link>
          </h2>
          <p className="text-sm text-muted">
            {job.company.name} · {islandName(job.island)}
          </p>
        </div>
        <Status of={job.status} />
      </div>
      <p className="flex flex-wrap gap-x-5 gap-y-1 text-sm text-muted">
        <span>{counted(job.applications, "applicant")}</span>
        <span>{counted(job.views, "view")}</span>
      </p>
      <Refusal error={publish.error ?? close.error} />
      <div className="flex flex-wrap gap-3">
        <ButtonLink kind="plain" href={`/desk/jobs/${job.id}`}>
          Applicants
        </ButtonLink>
        {job.status === "published" ? (
          <Button kind="danger" busy={close.busy} onClick={() => void close.run()}>
            Close
          </Button>
        ) : (
          job.status === "draft" && (
            <Button busy={publish.busy} onClick={() => void publish.run()}>
              Publish
            </Button>
          )
        )}
      </div>
    </Card>
  );
}

function Totals() {
  const totals = useResource("hiring-totals", (signal) =>
    get("/api/v1/analytics/jobs/totals", { signal }),
  );
  if (totals.data === undefined || totals.data.jobs === 0) return null;
  const { jobs, applications, mean_hours_to_first_application: hours } = totals.data;
  const facts: Fact[] = [
    ["Jobs", number(jobs)],
    ["Applications", number(applications)],
    ["Hours to the first", hours === null ? "none yet" : hours.toFixed(1)],
  ];
  return <Facts facts={facts} className="mb-6 grid-cols-3" />;
}

export default function Desk() {
  const jobs = usePages("own-jobs", (cursor, signal) =>
    get("/api/v1/jobs/mine", { query: { limit: 20, ...(cursor && { cursor }) }, ...(signal && { signal }) }),
  );
  const changed = (id: number, status: string) =>
    jobs.change((items) => items.map((job) => (job.id === id ? { ...job, status } : job)));
  return (
    <Page
      title="Employer desk"
      actions={
        <div className="flex flex-wrap gap-3">
          <ButtonLink kind="plain" href="/desk/team">
            Team
          </ButtonLink>
          <ButtonLink kind="plain" href="/desk/campaigns">
            Advertising
          </ButtonLink>
          <ButtonLink href="/desk/new">Post a job</ButtonLink>
        </div>
      }
    >
      <Totals />
      <PagedList
        resource={jobs}
        empty={
          <Empty icon="briefcase" title="No jobs yet" action={<ButtonLink href="/desk/new">Post your first job</ButtonLink>}>
            Applicants will gather here.
          </Empty>
        }
      >
        {(items) => (
          <ul className="grid gap-3">
            {items.map((job) => (
              <li key={job.id}>
                <JobRow job={job} onStatus={(status) => changed(job.id, status)} />
              </li>
            ))}
          </ul>
        )}
      </PagedList>
    </Page>
  );
}
