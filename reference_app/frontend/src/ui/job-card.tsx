import { Link } from "wouter";
import type { JobSummary } from "../api/types";
import { ago, islandName, salary, wordFor } from "../data/words";
import { Badge, Monogram } from "./parts";

function JobCard({ job }: { job: JobSummary }) {
  const pay = salary(job.salary_min_cents, job.salary_max_cents);
  return (
    <article className="relative flex gap-4 rounded-2xl border border-line bg-surface p-4 transition-colors focus-within:border-accent hover:border-accent sm:p-5">
      <Monogram name={job.company.name} className="size-11 max-sm:hidden" />
      <div className="grid min-w-0 grow gap-1.5">
        <div className="flex items-baseline justify-between gap-4">
          <h3 className="text-lg">
            <Link
              href={`/jobs/${job.id}`}
              className="after:absolute after:inset-0 after:rounded-2xl focus-visible:outline-none"
            >
              {job.title}
            </Link>
          </h3>
          {job.published_at !== null && (
            <time dateTime={job.published_at} className="shrink-0 text-sm text-muted">
              {ago(job.published_at)}
            </time>
          )}
        </div>
        <p className="text-sm text-muted">
          {job.company.name} · {islandName(job.island)}
        </p>
        <p className="mt-1 flex flex-wrap items-center gap-2">
          {pay !== null && <Badge tone="accent">{pay}</Badge>}
          <Badge>{wordFor(job.employment_type)}</Badge>
          <Badge>{wordFor(job.category)}</Badge>
        </p>
      </div>
    </article>
  );
}

export function JobCards({ jobs }: { jobs: readonly JobSummary[] }) {
  return (
    <ul className="grid gap-3">
      {jobs.map((job) => (
        <li key={job.id}>
          <JobCard job={job} />
        </li>
      ))}
    </ul>
  );
}
