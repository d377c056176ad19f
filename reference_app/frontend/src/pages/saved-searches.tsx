import { Link } from "wouter";
import { get, patch, remove } from "../api/client";
import type { SavedSearch } from "../api/types";
import { addressOf, searchInWords } from "../data/searches";
import { useAction } from "../data/use-action";
import { useResource } from "../data/use-resource";
import { Button, ButtonLink } from "../ui/button";
import { Toggle } from "../ui/fields";
import { Page } from "../ui/page";
import { Card } from "../ui/parts";
import { Empty, Pending, Refusal } from "../ui/states";

function Search({
  search,
  onChange,
}: {
  search: SavedSearch;
  onChange: (next: SavedSearch | null) => void;
}) {
  const path = { search_id: search.id };
  const tell = useAction(async (alerts: boolean) => {
    onChange({ ...search, alerts });
    try {
      onChange(await patch("/api/v1/saved-searches/{search_id}", { path, body: { alerts } }));
    } catch (refused) {
      onChange(search);
      throw refused;
    }
  });
  const drop = useAction(async () => {
    await remove("/api/v1/saved-searches/{search_id}", { path });
    onChange(null);
  });
  return (
    <Card className="grid gap-4">
      <div className="flex flex-wrap items-start justify-between gap-3">
        <div className="min-w-0">
          <h2 className="text-lg break-words">
            <Link href={addressOf(search)} className="hover:underline">
              {search.name}
            </Link>
          </h2>
          <p className="text-sm text-muted">{searchInWords(search)}</p>
        </div>
        <Button kind="danger" busy={drop.busy} aria-label={`Delete ${search.name}`} onClick={() => void drop.run()}>
          Delete
        </Button>
      </div>
      <Toggle
        label="Tell me of new jobs"
        checked={search.alerts}
        onChange={(event) => void tell.run(event.target.checked)}
      />
      <Refusal error={tell.error ?? drop.error} />
    </Card>
  );
}

export default function SavedSearches() {
  const list = useResource("saved-searches", (signal) => get("/api/v1/saved-searches", { signal }));
  const changed = (id: number, next: SavedSearch | null) =>
    list.change(({ items }) => ({
      items: items.flatMap((one) => (one.id !== id ? [one] : next === null ? [] : [next])),
    }));
  return (
    <Page
      title="Saved searches"
      narrow
      actions={
        <ButtonLink kind="plain" href="/saved">
          Saved jobs
        </ButtonLink>
      }
    >
      {list.data === undefined ? (
        <Pending of={list} />
      ) : list.data.items.length === 0 ? (
        <Empty icon="search" title="No searches yet" action={<ButtonLink href="/jobs">See jobs</ButtonLink>}>
          Narrow the list of jobs to what you want, and save it: you are told when there is more.
        </Empty>
      ) : (
        <ul className="grid gap-3">
          {list.data.items.map((search) => (
            <li key={search.id}>
              <Search search={search} onChange={(next) => changed(search.id, next)} />
            </li>
          ))}
        </ul>
      )}
    </Page>
  );
}
