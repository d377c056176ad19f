// Who is signed in: kept in this browser, the same in all its windows.
import { useSyncExternalStore } from "react";
import type { Person, SignedIn } from "./types";

export interface Session {
  access: string;
  refresh: string;
  /** When `access` ends, in milliseconds. */
  endsAt: number;
  person: Person;
  /** Of the exchange of `refresh` under way: if its answer is lost, it is asked for again. */
  exchange?: string;
}

const KEY = "hmb.session";
const listeners = new Set<() => void>();
let text: string | null = localStorage.getItem(KEY);
let current: Session | null = parsed(text);

function parsed(value: string | null): Session | null {
  if (value === null) return null;
  try {
    return JSON.parse(value) as Session;
  } catch {
    return null;
  }
}

/** The session, as another window may just have changed it. */
export function session(): Session | null {
  const stored = localStorage.getItem(KEY);
  if (stored !== text) {
    text = stored;
    current = parsed(stored);
  }
  return current;
}

function store(next: Session | null): void {
  if (next === null) localStorage.removeItem(KEY);
  else localStorage.setItem(KEY, JSON.stringify(next));
  session();
  listeners.forEach((listener) => listener());
}

export function begin(answer: SignedIn): void {
  store({
    access: answer.access_token,
    refresh: answer.refresh_token,
    endsAt: Date.now() + answer.expires_in * 1000,
    person: answer.user,
  });
}

/** What this exchange of the refresh token is known by, kept until its answer is there. */
export function exchangeKey(present: Session): string {
  if (present.exchange !== undefined) return present.exchange;
  const drawn = crypto.getRandomValues(new Uint8Array(16));
  const exchange = Array.from(drawn, (byte) => byte.toString(16).padStart(2, "0")).join("");
  store({ ...present, exchange });
  return exchange;
}

let expired = false;

/** Ends it here: left by the person, or `byBoard`, which knows it no longer. */
export function end(byBoard = false): void {
  expired = byBoard;
  store(null);
}

/** Whether the last session ended without the person's doing. */
export function hasExpired(): boolean {
  return expired;
}

/** Shows at once what the person has changed of themselves. */
export function rename(person: Person): void {
  const known = session();
  if (known !== null) store({ ...known, person });
}

addEventListener("storage", (event) => {
  if (event.key !== KEY && event.key !== null) return;
  session();
  listeners.forEach((listener) => listener());
});

export function onChange(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The person signed in, or null. */
export function usePerson(): Person | null {
  return useSyncExternalStore(onChange, session)?.person ?? null;
}
