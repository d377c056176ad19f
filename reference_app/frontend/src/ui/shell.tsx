import { useEffect, type ReactNode } from "react";
import { Link, useLocation } from "wouter";
import { usePerson } from "../api/session";
import { useUnread } from "../live/unread";
import { Account } from "./account";
import { ButtonLink } from "./button";
import { Icon, type IconName } from "./icons";

interface Place {
  href: string;
  name: string;
  icon: IconName;
}

const ALWAYS: Place[] = [
  { href: "/jobs", name: "Jobs", icon: "briefcase" },
  { href: "/people", name: "People", icon: "people" },
];
const STRANGERS: Place[] = [...ALWAYS, { href: "/pricing", name: "Pricing", icon: "star" }];
const MEMBERS: Place[] = [
  ...ALWAYS,
  { href: "/feed", name: "Feed", icon: "heart" },
  { href: "/messages", name: "Messages", icon: "chat" },
];
const EMPLOYERS: Place[] = [...MEMBERS, { href: "/desk", name: "Desk", icon: "plus" }];

function isAt(href: string, here: string): boolean {
  return here === href || here.startsWith(`${href}/`);
}

function useScrollToTop(here: string): void {
  useEffect(() => {
    // A step back is the browser's to place.
    if (!steppedBack) scrollTo(0, 0);
    steppedBack = false;
    shown = here;
  }, [here]);
}

let steppedBack = false;
let shown = location.pathname;
addEventListener("popstate", () => {
  // A link to a part of the same page comes this way as well.
  steppedBack = location.pathname !== shown;
});

/** How much waits, if anything does. */
function Count({ of }: { of: number }) {
  if (of === 0) return null;
  return (
    <span className="inline-flex min-w-5 justify-center rounded-full bg-accent px-1.5 text-xs font-medium text-on-accent">
      {of > 99 ? "99+" : of}
      <span className="sr-only"> new</span>
    </span>
  );
}

function Brand() {
  return (
    <Link href="/" className="flex items-center gap-2.5 rounded-lg font-semibold tracking-tight">
      <img src="/favicon.svg" alt="" width="30" height="30" />
      <span>
        HireMe<span className="text-accent">Bahamas</span>
      </span>
    </Link>
  );
}

export function Shell({ children }: { children: ReactNode }) {
  const person = usePerson();
  const [here] = useLocation();
  useScrollToTop(here);
  const unread = useUnread(person?.id ?? null);
  const waiting: Record<string, number> = { "/messages": unread.messages, "/notifications": unread.notifications };
  const places = person === null ? STRANGERS : person.role === "employer" ? EMPLOYERS : MEMBERS;
  const tabs = person === null ? [{ href: "/", name: "Home", icon: "home" as const }, ...places] : places;
  return (
    <div className="flex min-h-dvh flex-col">
      <a
        href="#main"
        className="sr-only z-20 rounded-lg bg-accent px-4 py-2 text-on-accent focus:not-sr-only focus:absolute focus:m-3"
      >
        Skip to the content
      </a>
      <header className="sticky top-0 z-10 border-b border-line bg-page/90 backdrop-blur">
        <div className="mx-auto flex h-16 max-w-5xl items-center gap-6 px-4 sm:px-6">
          <Brand />
          <nav aria-label="Main" className="flex grow gap-1 max-sm:hidden">
            {places.map(({ href, name }) => (
              <Link
                key={href}
                href={href}
                aria-current={isAt(href, here) ? "page" : undefined}
                className="rounded-lg px-3 py-2 text-sm font-medium text-muted hover:bg-sunken hover:text-ink aria-[current]:text-accent"
              >
                {name} <Count of={waiting[href] ?? 0} />
              </Link>
            ))}
          </nav>
          <div className="flex items-center gap-2 max-sm:ml-auto">
            {person === null ? (
              <>
                <ButtonLink href="/sign-in" kind="quiet">
                  Sign in
                </ButtonLink>
                <ButtonLink href="/sign-up" className="max-sm:hidden">
                  Join
                </ButtonLink>
              </>
            ) : (
              <>
                <Link
                  href="/notifications"
                  aria-current={isAt("/notifications", here) ? "page" : undefined}
                  className="relative rounded-lg p-2.5 text-muted hover:bg-sunken hover:text-ink aria-[current]:text-accent"
                >
                  <Icon name="bell" />
                  <span className="sr-only">Notifications</span>
                  <span className="absolute -top-0.5 -right-0.5">
                    <Count of={unread.notifications} />
                  </span>
                </Link>
                <Account person={person} />
              </>
            )}
          </div>
        </div>
      </header>
      <main id="main" className="grow pb-20 sm:pb-0">
        {children}
      </main>
      <nav
        aria-label="Tabs"
        className="fixed inset-x-0 bottom-0 z-10 grid auto-cols-fr grid-flow-col border-t border-line bg-surface pb-[env(safe-area-inset-bottom)] sm:hidden"
      >
        {tabs.map(({ href, name, icon }) => (
          <Link
            key={href}
            href={href}
            aria-current={(href === "/" ? here === "/" : isAt(href, here)) ? "page" : undefined}
            className="flex min-h-14 flex-col items-center justify-center gap-0.5 text-xs text-muted aria-[current]:font-medium aria-[current]:text-accent"
          >
            <span className="relative">
              <Icon name={icon} />
              <span className="absolute -top-1.5 left-3">
                <Count of={waiting[href] ?? 0} />
              </span>
            </span>
            {name}
          </Link>
        ))}
      </nav>
      <footer className="border-t border-line max-sm:hidden">
        <div className="mx-auto flex max-w-5xl flex-wrap justify-between gap-4 px-6 py-8 text-sm text-muted">
          <p>HireMeBahamas: work and workers, island by island.</p>
          <nav aria-label="More" className="flex gap-5">
            <Link href="/pricing" className="hover:text-ink">
              Pricing
            </Link>
            <a href="/api/v1/docs" className="hover:text-ink">
              API
            </a>
          </nav>
        </div>
      </footer>
    </div>
  );
}
