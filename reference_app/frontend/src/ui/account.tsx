import { useEffect, useRef, useState } from "react";
import { Link, useLocation } from "wouter";
import { signOut } from "../api/client";
import type { Person } from "../api/types";
import { Monogram } from "./parts";

function placesOf(person: Person): [string, string][] {
  return [
    ["/profile", "Profile"],
    ...(person.role === "employer"
      ? ([["/desk", "Employer desk"]] as [string, string][])
      : ([["/applications", "Applications"]] as [string, string][])),
    ["/saved", "Saved jobs"],
    ["/billing", "Plan and billing"],
    ...(person.role === "admin" ? ([["/admin", "Figures"]] as [string, string][]) : []),
  ];
}

/** Opened by a press; closed by Escape, a press elsewhere, or going somewhere. */
export function Account({ person }: { person: Person }) {
  const [isOpen, setOpen] = useState(false);
  const [here, go] = useLocation();
  const box = useRef<HTMLDivElement>(null);
  const opener = useRef<HTMLButtonElement>(null);

  useEffect(() => setOpen(false), [here]);
  useEffect(() => {
    if (!isOpen) return;
    const outside = (event: Event) => {
      if (!box.current?.contains(event.target as Node)) setOpen(false);
    };
    const escape = (event: KeyboardEvent) => {
      if (event.key !== "Escape") return;
      setOpen(false);
      opener.current?.focus();
    };
    addEventListener("pointerdown", outside);
    addEventListener("focusin", outside);
    addEventListener("keydown", escape);
    return () => {
      removeEventListener("pointerdown", outside);
      removeEventListener("focusin", outside);
      removeEventListener("keydown", escape);
    };
  }, [isOpen]);

  const leave = () => {
    // First away from what only members see.
    go("/");
    void signOut();
  };
  const item = "block w-full rounded-lg px-3 py-2.5 text-left text-sm hover:bg-sunken";
  return (
    <div ref={box} className="relative">
      <button
        ref={opener}
        type="button"
        aria-expanded={isOpen}
        aria-controls="account"
        aria-label={`Account of ${person.full_name}`}
        onClick={() => setOpen(!isOpen)}
        className="rounded-xl"
      >
        <Monogram name={person.full_name} className="size-10" />
      </button>
      {isOpen && (
        <div
          id="account"
          className="absolute right-0 mt-2 w-60 rounded-2xl border border-line bg-surface p-2 shadow-lg"
        >
          <p className="truncate px-3 py-2 text-sm text-muted">{person.full_name}</p>
          <nav aria-label="Account">
            {placesOf(person).map(([href, name]) => (
              <Link key={href} href={href} className={item}>
                {name}
              </Link>
            ))}
          </nav>
          <button type="button" onClick={leave} className={`${item} text-danger`}>
            Sign out
          </button>
        </div>
      )}
    </div>
  );
}
