import { useParams } from "wouter";
import { get } from "../api/client";
import { usePages, useResource } from "../data/use-resource";
import { counted, islandName } from "../data/words";
import { JobCards } from "../ui/job-card";
import { Page } from "../ui/page";
import { Badge, Card, Prose } from "../ui/parts";
import { Empty, Failed, Loading, PagedList } from "../ui/states";

export default function CompanyPage() {
  const id = Number(useParams()["id"]);
  const company = useResource(`company/${id}`, (signal) =>
    get("/api/v1/companies/{company_id}", { path: { company_id: id }, signal }),
  );
  const rating = useResource(`rating/${id}`, (signal) =>
    get("/api/v1/companies/{company_id}/rating", { path: { company_id: id }, signal }),
  );
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
        {company.error === null ? <Loading /> : <Failed error={company.error} retry={company.reload} />}
      </Page>
    );
  }
  const stars = rating.data?.average;
  return (
    <Page
      key={id}
      title={shown.name}
      lead={[
        shown.island && islandName(shown.island),
        typeof stars === "number" && `${stars.toFixed(1)} of 5 stars (${counted(rating.data?.reviews ?? 0, "review")})`,
      ]
        .filter(Boolean)
        .join(" · ")}
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
      <h2 className="mt-10 mb-4 text-xl">{counted(shown.open_jobs, "open job")}</h2>
      <PagedList resource={jobs} empty={<Empty icon="briefcase" title="No open jobs now" />}>
        {(items) => <JobCards jobs={items} />}
      </PagedList>
    </Page>
  );
}
