// Where to go: the address bar as state, and back to where one came from.
import { useCallback, useEffect, useState } from "react";
import { useLocation, useSearch } from "wouter";

export function signInAddress(from: string, why?: "expired" | undefined): string {
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

/** What a link in a letter carries where no server sees it; taken out of the address bar. */
export function useFragmentToken(): string {
  const [token] = useState(() => new URLSearchParams(location.hash.slice(1)).get("token") ?? "");
  useEffect(() => {
    history.replaceState(history.state, "", location.pathname + location.search);
  }, []);
  return token;
}
