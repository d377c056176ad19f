// What one looks for: in the address of the list of jobs, and as the board keeps it.
import type { SavedSearch, SearchDraft } from "../api/types";
import { islandName, money, wordFor } from "./words";

export const CONDITIONS = ["q", "island", "category", "employment_type", "salary_min"] as const;
/** Those that are set, by their names in the address bar. */
export type Conditions = Record<string, string>;

export function conditionsIn(query: URLSearchParams): Conditions {
  const all = CONDITIONS.map((name) => [name, query.get(name)] as const);
  return Object.fromEntries(all.filter(([, value]) => value)) as Conditions;
}

function conditionsOf(search: SavedSearch): Conditions {
  const { q, island, category, employment_type, salary_min_cents: salary } = search;
  const all = { q, island, category, employment_type, salary_min: salary === null ? "" : String(salary) };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value)) as Conditions;
}

/** Where the list shows what a saved search finds. */
export function addressOf(search: SavedSearch): string {
  return `/jobs?${new URLSearchParams(conditionsOf(search)).toString()}`;
}

/** "plumber, Exuma, from $2,000": what a search could be called. */
export function inWords(conditions: Conditions): string {
  const { q, island, category, employment_type: kind, salary_min: salary } = conditions;
  return [
    q,
    island && islandName(island),
    category && wordFor(category),
    kind && wordFor(kind),
    salary && `from ${money(Number(salary))}`,
  ]
    .filter(Boolean)
    .join(", ");
}

export function searchInWords(search: SavedSearch): string {
  return inWords(conditionsOf(search));
}

export function draftOf(conditions: Conditions, name: string, alerts: boolean): SearchDraft {
  const { salary_min: salary, ...rest } = conditions;
  const draft = { ...rest, name, alerts, ...(salary && { salary_min_cents: Number(salary) }) };
  // The address bar may hold any words; the API says which are none of its own.
  return draft as SearchDraft;
}
