import { get } from "../api/client";
import { usePages } from "../data/use-resource";
import { ButtonLink } from "../ui/button";
import { JobCards } from "../ui/job-card";
import { Page } from "../ui/page";
import { Empty, PagedList } from "../ui/states";

export default function Saved() {
  const list = usePages("saved", (cursor, signal) =>
    get("/api/v1/jobs/saved", { query: { limit: 20, ...(cursor && { cursor }) }, ...(signal && { signal }) }),
  );
  return (
    <Page
      title="Saved jobs"
      narrow
      actions={
        <ButtonLink kind="plain" href="/saved/searches">
          Saved searches
        </ButtonLink>
      }
    >
      <h2 className="sr-only">Jobs</h2>
      <PagedList
        resource={list}
        empty={
          <Empty icon="bookmark" title="Nothing saved" action={<ButtonLink href="/jobs">See jobs</ButtonLink>}>
            Save a job to find it here again.
          </Empty>
        }
      >
        {(items) => <JobCards jobs={items} />}
      </PagedList>
    </Page>
  );
}
