import { useParams } from "wouter";
import { get } from "../api/client";
import { usePerson } from "../api/session";
import { averageInWords, COMPANIES } from "../data/reviews";
import { usePages, useResource } from "../data/use-resource";
import { counted, islandName } from "../data/words";
import { JobCards } from "../ui/job-card";
import { Page } from "../ui/page";
import { Badge, Card, Prose } from "../ui/parts";
import { Reviews } from "../ui/reviews";
import { Empty, PagedList, Pending } from "../ui/states";

export default function CompanyPage() {
  const id = Number(useParams()["id"]);
  const company = useResource(`company/${id}`, (signal) =>
    get("/api/v1/companies/{company_id}", { path: { company_id: id }, signal }),
  );
  const me = usePerson();
  const rating = useResource(`rating/company/${id}`, (signal) => COMPANIES.rating(id, signal));
  const jobs = usePages(`company-jobs/${id}`, (cursor, signal) =>
    get("/api/v1/companies/{company_id}/jobs", {
      path: { company_id: id },
      query: { limit: 20, ...(cursor && { cursor }) },
      ...(signal && { signal }),
    }),
  );
  const shown = company.data;
  if (shown === undefined) {
    return (
      <Page title="Company" heading={<span className="sr-only">Company</span>}>
        <Pending of={company} />
      </Page>
    );
  }
  const stars = averageInWords(rating.data);
  return (
    <Page
      key={id}
      title={shown.name}
      lead={
        <>
          {shown.island !== null && `${islandName(shown.island)} · `}
          <a href="#reviews" className="text-accent underline underline-offset-2">
            {stars ?? "Reviews"}
          </a>
        </>
      }
    >
      <Card className="grid gap-4">
        {shown.profile !== null && shown.profile.cover_text !== "" && (
          <p className="text-lg font-medium text-accent">{shown.profile.cover_text}</p>
        )}
        <Prose text={shown.profile?.about || shown.description || "Nothing written yet."} />
        {shown.profile !== null && shown.profile.benefits.length > 0 && (
          <p className="flex flex-wrap gap-2">
            {shown.profile.benefits.map((one) => (
              <Badge key={one}>{one}</Badge>
            ))}
          </p>
        )}
        {shown.website !== null && (
          <a href={shown.website} rel="noopener nofollow" className="text-accent hover:underline">
            {new URL(shown.website).host}
          </a>
        )}
      </Card>
      <div className="mt-10 grid gap-10 lg:grid-cols-[1fr_22rem]">
        <section aria-labelledby="open-jobs" className="min-w-0">
          <h2 id="open-jobs" className="mb-4 text-xl">
            {counted(shown.open_jobs, "open job")}
          </h2>
          <PagedList resource={jobs} empty={<Empty icon="briefcase" title="No open jobs now" />}>
            {(items) => <JobCards jobs={items} />}
          </PagedList>
        </section>
        <Reviews of={COMPANIES} id={id} rating={rating} mayWrite={me?.role === "seeker"} />
      </div>
    </Page>
  );
}
