import { useEffect, useRef, type ReactNode } from "react";
import { Problem, UNREACHED, wordsOf } from "../api/problem";
import type { PagedResource, Resource } from "../data/use-resource";
import { Button, ButtonLink } from "./button";
import { Icon, type IconName } from "./icons";
import { UpgradePrompt } from "./upgrade";

/** Grey shapes where the answer will be; they appear only when it takes a while. */
export function Loading({ rows = 4 }: { rows?: number }) {
  return (
    <div role="status" className="appear-late grid gap-3">
      <span className="sr-only">Loading</span>
      {Array.from({ length: rows }, (_, row) => (
        <div key={row} className="h-24 animate-pulse rounded-2xl bg-sunken" />
      ))}
    </div>
  );
}

export function Empty({
  icon,
  title,
  children,
  action,
}: {
  icon: IconName;
  title: string;
  children?: ReactNode;
  action?: ReactNode;
}) {
  return (
    <div className="grid justify-items-center gap-3 rounded-2xl border border-dashed border-line px-6 py-14 text-center">
      <span className="rounded-full bg-accent-soft p-3 text-accent">
        <Icon name={icon} className="size-6" />
      </span>
      <p className="text-lg font-semibold">{title}</p>
      {children !== undefined && <div className="max-w-sm text-muted">{children}</div>}
      {action}
    </div>
  );
}

/** Said beside what failed; read out at once. */
export function Alert({ children }: { children: ReactNode }) {
  return (
    <div role="alert" className="rounded-xl bg-danger-soft px-4 py-3 text-sm text-danger">
      {children}
    </div>
  );
}

export function Note({ children }: { children: ReactNode }) {
  return (
    <div role="status" className="rounded-xl bg-accent-soft px-4 py-3 text-sm text-accent">
      {children}
    </div>
  );
}

/** Why something a person did was refused: an offer where a better tier would allow it. */
export function Refusal({ error }: { error: unknown }) {
  if (error === null || error === undefined) return null;
  if (error instanceof Problem && error.wantsUpgrade) return <UpgradePrompt problem={error} />;
  return <Alert>{wordsOf(error)}</Alert>;
}

/** What a page shows instead of what it could not load. */
export function Failed({ error, retry }: { error: unknown; retry?: () => void }) {
  if (error instanceof Problem) {
    if (error.wantsUpgrade) return <UpgradePrompt problem={error} />;
    if (error.status === 404) {
      return (
        <Empty icon="search" title="It is not here" action={<ButtonLink href="/">Home</ButtonLink>}>
          {error.message}
        </Empty>
      );
    }
  }
  const isForbidden = error instanceof Problem && error.status === 403;
  const isOffline = error instanceof Problem && error.code === UNREACHED;
  return (
    <div role="alert">
      <Empty
        icon="close"
        title={isOffline ? "No connection" : isForbidden ? "Not yours to see" : "That did not work"}
        action={retry && !isForbidden && <Button onClick={retry}>Try again</Button>}
      >
        {wordsOf(error)}
      </Empty>
    </div>
  );
}

/** What is shown until a resource is there, and where it does not come. */
export function Pending({
  of,
  rows,
}: {
  of: Pick<Resource<unknown>, "error" | "reload">;
  rows?: number;
}) {
  if (of.error !== null) return <Failed error={of.error} retry={of.reload} />;
  return <Loading {...(rows !== undefined && { rows })} />;
}

/** A list with its pages: loads the next one when its end comes near, or on a press. */
export function PagedList<T>({
  resource,
  empty,
  children,
}: {
  resource: PagedResource<T>;
  empty: ReactNode;
  children: (items: T[]) => ReactNode;
}) {
  const { data, error, reload, hasMore, isLoadingMore, more } = resource;
  const end = useRef<HTMLDivElement>(null);
  const failed = error !== null && error !== undefined;

  useEffect(() => {
    const mark = end.current;
    if (mark === null || !hasMore || isLoadingMore || failed) return;
    const watch = new IntersectionObserver(
      (seen) => seen.some((one) => one.isIntersecting) && more(),
      { rootMargin: "600px" },
    );
    watch.observe(mark);
    return () => watch.disconnect();
  }, [hasMore, isLoadingMore, failed, more]);

  if (data === undefined) return <Pending of={{ error, reload }} />;
  if (data.length === 0) return <>{empty}</>;
  return (
    <>
      {children(data)}
      {failed && <Failed error={error} retry={more} />}
      {hasMore && (
        <div ref={end} className="flex justify-center py-6">
          {!failed && (
            <Button kind="plain" busy={isLoadingMore} onClick={more}>
              {isLoadingMore ? "Loading…" : "Show more"}
            </Button>
          )}
        </div>
      )}
    </>
  );
}
