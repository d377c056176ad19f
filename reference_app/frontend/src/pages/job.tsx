import { Link, useParams } from "wouter";
import { get } from "../api/client";
import { usePerson } from "../api/session";
import type { Job } from "../api/types";
import { useResource } from "../data/use-resource";
import { ago, date, islandName, salary, wordFor } from "../data/words";
import { Ad } from "../ui/ad";
import { Apply } from "../ui/apply";
import { ButtonLink } from "../ui/button";
import { Icon } from "../ui/icons";
import { JobCards } from "../ui/job-card";
import { Page } from "../ui/page";
import { Badge, Card, Prose } from "../ui/parts";
import { SaveButton } from "../ui/save-button";
import { Pending } from "../ui/states";

function Facts({ job }: { job: Job }) {
  const facts: [string, string | null][] = [
    ["Island", islandName(job.island)],
    ["Field", wordFor(job.category)],
    ["Kind", wordFor(job.employment_type)],
    ["Pay", salary(job.salary_min_cents, job.salary_max_cents)],
    ["Posted", job.published_at === null ? null : ago(job.published_at)],
    ["Open until", job.expires_at === null ? null : date(job.expires_at)],
  ];
  return (
    <dl className="grid gap-3 text-sm">
      {facts.map(
        ([name, value]) =>
          value !== null && (
            <div key={name} className="flex justify-between gap-4">
              <dt className="text-muted">{name}</dt>
              <dd className="text-right font-medium">{value}</dd>
            </div>
          ),
      )}
    </dl>
  );
}

function Similar({ id }: { id: number }) {
  const jobs = useResource(`similar/${id}`, (signal) =>
    get("/api/v1/jobs/{job_id}/similar", { path: { job_id: id }, signal }),
  );
  if (jobs.data === undefined || jobs.data.items.length === 0) return null;
  return (
    <section className="mt-12">
      <h2 className="mb-4 text-xl">Similar jobs</h2>
      <JobCards jobs={jobs.data.items.slice(0, 4)} />
    </section>
  );
}

export default function JobPage() {
  const id = Number(useParams()["id"]);
  const person = usePerson();
  const { data: job, error, reload } = useResource(`job/${id}`, (signal) =>
    get("/api/v1/jobs/{job_id}", { path: { job_id: id }, signal }),
  );
  if (job === undefined) {
    return (
      <Page title="Job" heading={<span className="sr-only">Job</span>}>
        <Pending of={{ error, reload }} />
      </Page>
    );
  }
  return (
    <Page
      key={job.id}
      title={job.title}
      lead={
        <>
          <Link href={`/companies/${job.company.id}`} className="text-accent underline underline-offset-2">
            {job.company.name}
          </Link>{" "}
          · {islandName(job.island)}
        </>
      }
    >
      <div className="grid items-start gap-6 lg:grid-cols-[1fr_19rem] lg:grid-rows-[auto_1fr]">
        <Card className="lg:row-span-2">
          {job.status !== "published" && (
            <p className="mb-4">
              <Badge tone="warn">This job is {job.status}</Badge>
            </p>
          )}
          <h2 className="mb-3 text-lg">About the job</h2>
          <Prose text={job.description} />
        </Card>
        <aside aria-label="In short" className="max-lg:order-first">
          <Card className="grid gap-5">
            <Facts job={job} />
            <Apply job={job} person={person} />
            {person !== null && person.id !== job.employer_id && (
              <div className="grid gap-2">
                <SaveButton id={job.id} />
                <ButtonLink kind="quiet" href={`/messages/new?to=${job.employer_id}`}>
                  Write to the employer
                </ButtonLink>
              </div>
            )}
            {person?.id === job.employer_id && (
              <ButtonLink kind="plain" href={`/desk/jobs/${job.id}`}>
                See applicants
              </ButtonLink>
            )}
          </Card>
        </aside>
        <div className="lg:col-start-2">
          <Ad placement="job" island={job.island} category={job.category} />
        </div>
      </div>
      <Similar id={job.id} />
      <p className="mt-10">
        <Link href="/jobs" className="inline-flex items-center gap-2 text-sm text-accent hover:underline">
          <Icon name="back" className="size-4" /> All jobs
        </Link>
      </p>
    </Page>
  );
}
