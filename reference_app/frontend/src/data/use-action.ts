// Something a person does: busy while it goes on, and why it was refused.
import { useCallback, useRef, useState } from "react";

export interface Action<A extends unknown[]> {
  run: (...given: A) => Promise<boolean>;
  busy: boolean;
  error: unknown;
}

/** `run` answers whether it was done; a second press while busy does nothing. */
export function useAction<A extends unknown[]>(work: (...given: A) => Promise<unknown>): Action<A> {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const doing = useRef(false);
  const present = useRef(work);
  present.current = work;
  const run = useCallback(async (...given: A) => {
    if (doing.current) return false;
    doing.current = true;
    setBusy(true);
    setError(null);
    try {
      await present.current(...given);
      return true;
    } catch (refused) {
      setError(refused);
      return false;
    } finally {
      doing.current = false;
      setBusy(false);
    }
  }, []);
  return { run, busy, error };
}

/** What a form holds, by the names of its fields. */
export function entered(form: HTMLFormElement): Record<string, string> {
  const held: Record<string, string> = {};
  for (const [name, value] of new FormData(form)) {
    if (typeof value === "string") held[name] = value.trim();
  }
  return held;
}

/** Dollars as typed, in cents; null where nothing is. */
export function cents(dollars: string | undefined): number | null {
  return dollars === undefined || dollars === "" ? null : Math.round(Number(dollars) * 100);
}
