import { useEffect, useState } from "react";
import { get } from "../api/client";
import { useQuery, useSetQuery } from "../data/going";
import { CONDITIONS, conditionsIn } from "../data/searches";
import { usePages, useResource } from "../data/use-resource";
import { EMPLOYMENT_TYPES, wordFor } from "../data/words";
import { Button } from "../ui/button";
import { Select, TextField, type Choice } from "../ui/fields";
import { JobCards } from "../ui/job-card";
import { Page } from "../ui/page";
import { SaveSearch } from "../ui/save-search";
import { Empty, PagedList } from "../ui/states";

const SALARIES = [1000, 1500, 2000, 3000, 4000, 6000];
const TYPING_MS = 350;

const choicesOf = (shelves: { slug: string; name: string }[] | undefined): Choice[] =>
  (shelves ?? []).map(({ slug, name }) => ({ value: slug, name }));

/** Follows what is typed after a short rest, and the address bar when that changes. */
function Words({ now, onRest }: { now: string; onRest: (words: string) => void }) {
  const [typed, setTyped] = useState(now);
  useEffect(() => setTyped(now), [now]);
  useEffect(() => {
    if (typed.trim() === now) return;
    const rest = setTimeout(() => onRest(typed.trim()), TYPING_MS);
    return () => clearTimeout(rest);
  }, [typed, now, onRest]);
  return (
    <TextField
      label="Words"
      type="search"
      maxLength={120}
      placeholder="Plumber, chef…"
      value={typed}
      onChange={(event) => setTyped(event.target.value)}
    />
  );
}

function Filters() {
  const query = useQuery();
  const set = useSetQuery();
  const islands = useResource("islands", (signal) => get("/api/v1/islands", { signal }));
  const fields = useResource("categories", (signal) => get("/api/v1/categories", { signal }));
  const chosen = (name: string) => query.get(name) ?? "";
  const [setWords] = useState(() => (words: string) => set({ q: words }));
  const some = CONDITIONS.some((name) => query.has(name));
  return (
    <form
      role="search"
      aria-label="Conditions"
      onSubmit={(event) => event.preventDefault()}
      className="grid gap-4 rounded-2xl border border-line bg-surface p-5 lg:sticky lg:top-24"
    >
      <Words now={chosen("q")} onRest={setWords} />
      <Select
        label="Island"
        none="All islands"
        choices={choicesOf(islands.data?.items)}
        value={chosen("island")}
        onChange={(event) => set({ island: event.target.value })}
      />
      <Select
        label="Field"
        none="All fields"
        choices={choicesOf(fields.data?.items)}
        value={chosen("category")}
        onChange={(event) => set({ category: event.target.value })}
      />
      <Select
        label="Kind"
        none="Any"
        choices={EMPLOYMENT_TYPES.map((value) => ({ value, name: wordFor(value) }))}
        value={chosen("employment_type")}
        onChange={(event) => set({ employment_type: event.target.value })}
      />
      <Select
        label="Pay from"
        none="Any"
        choices={SALARIES.map((dollars) => ({
          value: String(dollars * 100),
          name: `$${dollars.toLocaleString("en-US")} a month`,
        }))}
        value={chosen("salary_min")}
        onChange={(event) => set({ salary_min: event.target.value })}
      />
      {some && (
        <Button kind="quiet" onClick={() => set(Object.fromEntries(CONDITIONS.map((n) => [n, ""])))}>
          Clear all
        </Button>
      )}
    </form>
  );
}

export default function Jobs() {
  const query = useQuery();
  const conditions = conditionsIn(query);
  const key = `jobs?${new URLSearchParams(conditions).toString()}`;
  const jobs = usePages(key, (cursor, signal) =>
    get("/api/v1/jobs", {
      query: { ...conditions, limit: 20, ...(cursor !== undefined && { cursor }) },
      ...(signal !== undefined && { signal }),
    }),
  );
  const words = query.get("q");
  const isSearch = Object.keys(conditions).length > 0;
  return (
    <Page title={words ? `Jobs: ${words}` : "Jobs"} heading={words ? <>Jobs for “{words}”</> : "Jobs"}>
      <div className="grid items-start gap-6 lg:grid-cols-[17rem_1fr]">
        <details className="group lg:hidden">
          <summary className="flex min-h-11 cursor-pointer list-none items-center justify-between rounded-xl border border-line bg-surface px-4 text-sm font-medium">
            Conditions
            <span className="text-accent group-open:hidden">Change</span>
            <span className="text-accent not-group-open:hidden">Done</span>
          </summary>
          <div className="mt-3">
            <Filters />
          </div>
        </details>
        <div className="max-lg:hidden">
          <Filters />
        </div>
        <section aria-label="Results" className="min-w-0">
          <h2 className="sr-only">Results</h2>
          {isSearch && (
            <div className="mb-3">
              <SaveSearch key={key} conditions={conditions} />
            </div>
          )}
          <PagedList
            resource={jobs}
            empty={
              isSearch ? (
                <Empty icon="search" title="No jobs fit">
                  Try fewer words, another island, or a lower pay.
                </Empty>
              ) : (
                <Empty icon="search" title="No jobs yet">
                  Nobody offers work at the moment.
                </Empty>
              )
            }
          >
            {(items) => <JobCards jobs={items} />}
          </PagedList>
        </section>
      </div>
    </Page>
  );
}
