import { useEffect, useRef, type ReactNode } from "react";

/** A page's frame: its title in the window and the heading, where reading begins. */
export function Page({
  title,
  heading,
  lead,
  actions,
  narrow = false,
  children,
}: {
  title: string;
  heading?: ReactNode;
  lead?: ReactNode;
  actions?: ReactNode;
  narrow?: boolean;
  children: ReactNode;
}) {
  const top = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · HireMeBahamas`;
  }, [title]);
  // After a move inside the app the heading is read, as after a page load.
  useEffect(() => {
    if (moved) top.current?.focus({ preventScroll: true });
    moved = true;
  }, []);
  return (
    <div className={`mx-auto w-full px-4 py-8 sm:px-6 sm:py-12 ${narrow ? "max-w-2xl" : "max-w-5xl"}`}>
      <div className="mb-6 flex flex-wrap items-end justify-between gap-4 sm:mb-8">
        <div className="grid gap-2">
          <h1 ref={top} tabIndex={-1} className="text-3xl sm:text-4xl">
            {heading ?? title}
          </h1>
          {lead !== undefined && <p className="max-w-prose text-muted">{lead}</p>}
        </div>
        {actions}
      </div>
      {children}
    </div>
  );
}

let moved = false;
