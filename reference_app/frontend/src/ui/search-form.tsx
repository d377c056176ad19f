import { useState, type FormEvent } from "react";
import { useLocation } from "wouter";
import { get } from "../api/client";
import { useResource } from "../data/use-resource";
import { Button } from "./button";
import { Icon } from "./icons";

/** What and where; it leads to the list of jobs. */
export function SearchForm() {
  const [q, setQ] = useState("");
  const [island, setIsland] = useState("");
  const [, go] = useLocation();
  const islands = useResource("islands", (signal) => get("/api/v1/islands", { signal }));

  const search = (event: FormEvent) => {
    event.preventDefault();
    const query = new URLSearchParams();
    if (q.trim() !== "") query.set("q", q.trim());
    if (island !== "") query.set("island", island);
    go(`/jobs${query.size > 0 ? `?${query.toString()}` : ""}`);
  };
  const box = "min-h-12 w-full rounded-xl bg-transparent px-3 text-base";
  return (
    <form
      role="search"
      onSubmit={search}
      className="grid gap-2 rounded-2xl border border-line bg-surface p-2 shadow-sm sm:grid-cols-[1fr_14rem_auto]"
    >
      <div className="flex items-center pl-3 text-muted">
        <Icon name="search" />
        <input
          type="search"
          aria-label="What work?"
          placeholder="Plumber, chef, boat captain…"
          maxLength={120}
          value={q}
          onChange={(event) => setQ(event.target.value)}
          className={`${box} text-ink`}
        />
      </div>
      <div className="flex items-center border-line pl-3 text-muted max-sm:border-t sm:border-l">
        <Icon name="pin" />
        <select
          aria-label="On which island?"
          value={island}
          onChange={(event) => setIsland(event.target.value)}
          className={`${box} text-ink`}
        >
          <option value="">All islands</option>
          {islands.data?.items.map(({ slug, name }) => (
            <option key={slug} value={slug}>
              {name}
            </option>
          ))}
        </select>
      </div>
      <Button type="submit" className="min-h-12 px-7">
        Search
      </Button>
    </form>
  );
}
