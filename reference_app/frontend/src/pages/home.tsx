import { Link } from "wouter";
import { get } from "../api/client";
import { usePerson } from "../api/session";
import type { JobSummary } from "../api/types";
import { counted, number } from "../data/words";
import { useResource } from "../data/use-resource";
import { ButtonLink } from "../ui/button";
import { Icon } from "../ui/icons";
import { JobCards } from "../ui/job-card";
import { Page } from "../ui/page";
import { SearchForm } from "../ui/search-form";
import { Empty, Pending } from "../ui/states";

const SHOWN = 6;

function Section({ title, href, children }: { title: string; href?: string; children: React.ReactNode }) {
  return (
    <section className="mt-12 sm:mt-16">
      <div className="mb-4 flex items-baseline justify-between gap-4">
        <h2 className="text-xl sm:text-2xl">{title}</h2>
        {href !== undefined && (
          <Link href={href} className="flex items-center gap-1 text-sm font-medium text-accent hover:underline">
            See all <Icon name="arrow" className="size-4" />
          </Link>
        )}
      </div>
      {children}
    </section>
  );
}

/** What is featured, else what is sought after, else what is new. */
async function worthALook(signal: AbortSignal): Promise<{ title: string; jobs: JobSummary[] }> {
  const [featured, trending] = await Promise.all([
    get("/api/v1/jobs/featured", { signal }),
    get("/api/v1/jobs/trending", { signal }),
  ]);
  if (featured.items.length > 0) return { title: "Featured", jobs: featured.items };
  if (trending.items.length > 0) return { title: "Most sought after", jobs: trending.items };
  const fresh = await get("/api/v1/jobs", { query: { limit: SHOWN }, signal });
  return { title: "New", jobs: fresh.items };
}

export default function Home() {
  const person = usePerson();
  const jobs = useResource("worth-a-look", worthALook);
  const fields = useResource("categories", (signal) => get("/api/v1/categories", { signal }));
  const open = fields.data?.items.reduce((sum, field) => sum + field.open_jobs, 0);
  return (
    <Page
      title="Work in the Bahamas"
      heading="Find work, island by island"
      lead={open === undefined ? "Jobs from New Providence to Inagua." : `${counted(open, "open job")} from New Providence to Inagua.`}
    >
      <SearchForm />

      <Section title={jobs.data?.title ?? "Worth a look"} href="/jobs">
        {jobs.data === undefined ? (
          <Pending of={jobs} />
        ) : jobs.data.jobs.length === 0 ? (
          <Empty icon="briefcase" title="No open jobs yet">
            Come back soon, or be the first to post one.
          </Empty>
        ) : (
          <JobCards jobs={jobs.data.jobs.slice(0, SHOWN)} />
        )}
      </Section>

      <Section title="Fields of work">
        {fields.data === undefined ? (
          <Pending of={fields} rows={2} />
        ) : (
          <ul className="flex flex-wrap gap-2 sm:grid sm:grid-cols-3 sm:gap-3 lg:grid-cols-4">
            {fields.data.items.map(({ slug, name, open_jobs }) => (
              <li key={slug}>
                <Link
                  href={`/jobs?category=${slug}`}
                  className="flex min-h-11 items-center justify-between gap-2 rounded-full border border-line bg-surface px-4 text-sm hover:border-accent sm:h-full sm:rounded-xl sm:p-4"
                >
                  <span className="font-medium">{name}</span>
                  <span className="text-muted">{number(open_jobs)}</span>
                </Link>
              </li>
            ))}
          </ul>
        )}
      </Section>

      {person === null && (
        <section className="mt-12 grid gap-4 rounded-2xl bg-accent-soft p-6 sm:mt-16 sm:flex sm:items-center sm:justify-between sm:p-8">
          <div>
            <h2 className="text-xl">Hiring?</h2>
            <p className="mt-1 text-muted">Post a job in minutes. The first one is free.</p>
          </div>
          <ButtonLink href="/sign-up?role=employer">Post a job</ButtonLink>
        </section>
      )}
    </Page>
  );
}
