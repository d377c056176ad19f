import { useState } from "react";
import { Link } from "wouter";
import { get } from "../api/client";
import { useQuery, useSetQuery } from "../data/going";
import { usePages, useResource } from "../data/use-resource";
import { ago, islandName } from "../data/words";
import { Button } from "../ui/button";
import { Select, TextField } from "../ui/fields";
import { Page } from "../ui/page";
import { Badge, Portrait } from "../ui/parts";
import { Empty, PagedList } from "../ui/states";

export default function People() {
  const query = useQuery();
  const set = useSetQuery();
  const [typed, setTyped] = useState(query.get("q") ?? "");
  const islands = useResource("islands", (signal) => get("/api/v1/islands", { signal }));
  const asked = { q: query.get("q") ?? "", island: query.get("island") ?? "" };
  const people = usePages(`people/${asked.q}/${asked.island}`, (cursor, signal) =>
    get("/api/v1/users/available", {
      query: { ...asked, limit: 20, cursor } as never,
      ...(signal && { signal }),
    }),
  );
  return (
    <Page title="People" heading="People for hire" lead="Workers who say they are free to begin.">
      <form
        role="search"
        className="mb-6 grid items-end gap-3 sm:grid-cols-[1fr_14rem_auto]"
        onSubmit={(event) => {
          event.preventDefault();
          set({ q: typed.trim() });
        }}
      >
        <TextField label="Skill or trade" type="search" maxLength={120} value={typed} onChange={(event) => setTyped(event.target.value)} />
        <Select
          label="Island"
          none="All islands"
          value={asked.island}
          onChange={(event) => set({ island: event.target.value })}
          choices={(islands.data?.items ?? []).map(({ slug, name }) => ({ value: slug, name }))}
        />
        <Button type="submit">Search</Button>
      </form>
      <PagedList
        resource={people}
        empty={<Empty icon="people" title="Nobody fits">Try another word or island.</Empty>}
      >
        {(items) => (
          <ul className="grid gap-3 sm:grid-cols-2">
            {items.map((one) => (
              <li key={one.id} className="relative flex gap-4 rounded-2xl border border-line bg-surface p-4 focus-within:border-accent hover:border-accent">
                <Portrait person={one} />
                <div className="grid min-w-0 gap-1">
                  <h2 className="text-base">
                    <Link href={`/people/${one.id}`} className="after:absolute after:inset-0 after:rounded-2xl focus-visible:outline-none">
                      {one.full_name}
                    </Link>
                  </h2>
                  <p className="truncate text-sm text-muted">
                    {[one.headline, one.island && islandName(one.island)].filter(Boolean).join(" · ")}
                  </p>
                  <p className="mt-1 flex flex-wrap gap-1.5">
                    {one.skills.slice(0, 4).map((skill) => (
                      <Badge key={skill}>{skill}</Badge>
                    ))}
                  </p>
                  <p className="text-xs text-muted">Free since {ago(one.available_since)}</p>
                </div>
              </li>
            ))}
          </ul>
        )}
      </PagedList>
    </Page>
  );
}
