// Signing in with Google: there and back, where the board offers it.
import { useEffect, useState } from "react";
import { get, post } from "../api/client";
import { Problem } from "../api/problem";
import { begin } from "../api/session";
import { safeNext } from "./going";

export type Role = "seeker" | "employer";

/** What must be known on return, in this window alone: it never goes to Google. */
interface Under {
  key: string;
  next: string;
}

const KEPT = "hmb.google";
let offered: boolean | null = null;

/** Whether the board offers it; asked once, where somebody may want to sign in. */
export function useOffered(): boolean {
  const [is, setIs] = useState(offered === true);
  useEffect(() => {
    if (offered !== null) return;
    get("/api/v1/auth/google", {}).then(
      (told) => {
        offered = told.offered;
        setIs(told.offered);
      },
      () => undefined, // asked again on the next page
    );
  }, []);
  return is;
}

export async function goToGoogle(role: Role, next: string): Promise<void> {
  const { url, key } = await post("/api/v1/auth/google/begin", { body: { role } });
  const under: Under = { key, next };
  sessionStorage.setItem(KEPT, JSON.stringify(under));
  location.assign(url);
}

/** Finishes what `goToGoogle` began; answers where the person wanted to go. */
export async function comeFromGoogle(query: URLSearchParams): Promise<string> {
  const kept = sessionStorage.getItem(KEPT);
  sessionStorage.removeItem(KEPT);
  const [code, state] = [query.get("code"), query.get("state")];
  if (kept === null || code === null || state === null) {
    throw new Problem(0, "not_signed_in", "You have not signed in with Google.");
  }
  const { key, next } = JSON.parse(kept) as Under;
  begin(await post("/api/v1/auth/google/finish", { body: { code, state, key } }));
  return safeNext(next);
}
