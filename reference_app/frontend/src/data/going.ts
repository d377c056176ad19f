// Where to go: the address bar as state, and back to where one came from.
import { useCallback } from "react";
import { useLocation, useSearch } from "wouter";

export function signInAddress(from: string, why?: "expired"): string {
  const query = new URLSearchParams({ next: from });
  if (why !== undefined) query.set("why", why);
  return `/sign-in?${query.toString()}`;
}

/** Only an address of ours: a link must not send people elsewhere by way of the sign-in. */
export function safeNext(given: string | null): string {
  return given !== null && /^\/(?![/\\])/.test(given) ? given : "/";
}

export function useQuery(): URLSearchParams {
  return new URLSearchParams(useSearch());
}

/** Changes conditions in the address bar; an empty one is taken out. */
export function useSetQuery(): (changes: Record<string, string>) => void {
  const [path, go] = useLocation();
  return useCallback(
    (changes) => {
      const query = new URLSearchParams(location.search);
      for (const [name, value] of Object.entries(changes)) {
        if (value === "") query.delete(name);
        else query.set(name, value);
      }
      const text = query.toString();
      go(text === "" ? path : `${path}?${text}`, { replace: true });
    },
    [path, go],
  );
}
