// One thing from the API, and pages of many: loaded, kept, and shown again at once on return.
import { useCallback, useEffect, useRef, useState } from "react";

const KEPT_MOST = 60;
const kept = new Map<string, unknown>();

function keep(key: string, value: unknown): void {
  kept.delete(key);
  kept.set(key, value);
  const oldest = kept.keys().next();
  if (kept.size > KEPT_MOST && !oldest.done) kept.delete(oldest.value);
}

/** What is still shown is not the oldest. */
function recall(key: string): unknown {
  const value = kept.get(key);
  if (value !== undefined) keep(key, value);
  return value;
}

/** After signing in or out nothing that was shown to the one before may be shown again. */
export function forgetAll(): void {
  kept.clear();
}

export interface Resource<T> {
  data: T | undefined;
  error: unknown;
  reload: () => void;
  /** Shows `next` at once: what the person has just changed. */
  change: (next: (now: T) => T) => void;
}

/** What `load` brings, again whenever `key` changes; nothing while `key` is null. */
export function useResource<T>(
  key: string | null,
  load: (signal: AbortSignal) => Promise<T>,
): Resource<T> {
  const [, redraw] = useState(0);
  const [failed, setFailed] = useState<{ key: string; error: unknown } | null>(null);
  const [turn, setTurn] = useState(0);
  const loading = useRef(load);
  loading.current = load;

  useEffect(() => {
    if (key === null) return;
    const stop = new AbortController();
    loading.current(stop.signal).then(
      (value) => {
        if (stop.signal.aborted) return;
        keep(key, value);
        setFailed(null);
        redraw((n) => n + 1);
      },
      (error: unknown) => {
        if (!stop.signal.aborted) setFailed({ key, error });
      },
    );
    return () => stop.abort();
  }, [key, turn]);

  const reload = useCallback(() => setTurn((n) => n + 1), []);
  const change = useCallback(
    (next: (now: T) => T) => {
      if (key === null || !kept.has(key)) return;
      keep(key, next(kept.get(key) as T));
      redraw((n) => n + 1);
    },
    [key],
  );
  return {
    data: key === null ? undefined : (recall(key) as T | undefined),
    error: failed?.key === key ? failed.error : null,
    reload,
    change,
  };
}

interface Page<T> {
  items: T[];
  next_cursor: string | null;
}

interface Pages<T> {
  items: T[];
  next: string | null;
}

export interface PagedResource<T> extends Resource<T[]> {
  hasMore: boolean;
  isLoadingMore: boolean;
  more: () => void;
}

/** A list that comes in pages: `load` brings the one after a cursor. */
export function usePages<T>(
  key: string | null,
  load: (cursor: string | undefined, signal?: AbortSignal) => Promise<Page<T>>,
): PagedResource<T> {
  const [isLoadingMore, setLoadingMore] = useState(false);
  const [moreError, setMoreError] = useState<unknown>(null);
  const first = useResource<Pages<T>>(key, async (signal) => {
    const page = await load(undefined, signal);
    return { items: page.items, next: page.next_cursor };
  });
  const { data, change } = first;
  const next = data?.next ?? null;
  const loading = useRef(load);
  loading.current = load;

  const more = useCallback(() => {
    if (next === null) return;
    setLoadingMore(true);
    setMoreError(null);
    loading
      .current(next)
      .then((page) =>
        change((now) =>
          now.next === next
            ? { items: [...now.items, ...page.items], next: page.next_cursor }
            : now,
        ),
      )
      .catch(setMoreError)
      .finally(() => setLoadingMore(false));
  }, [next, change]);

  return {
    data: data?.items,
    error: first.error ?? moreError,
    reload: first.reload,
    change: (turn) => change((now) => ({ ...now, items: turn(now.items) })),
    hasMore: next !== null,
    isLoadingMore,
    more,
  };
}
