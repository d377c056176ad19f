import { useState, type ReactNode } from "react";
import { BASE } from "../api/client";
import { initials } from "../data/words";

export function Card({ children, className = "" }: { children: ReactNode; className?: string }) {
  return (
    <div className={`rounded-2xl border border-line bg-surface p-5 sm:p-6 ${className}`}>
      {children}
    </div>
  );
}

const TONES = {
  plain: "bg-sunken text-muted",
  accent: "bg-accent-soft text-accent",
  warn: "bg-warn-soft text-warn",
  danger: "bg-danger-soft text-danger",
};

export function Badge({
  tone = "plain",
  children,
}: {
  tone?: keyof typeof TONES;
  children: ReactNode;
}) {
  return (
    <span
      className={`inline-flex items-center gap-1 rounded-full px-2.5 py-0.5 text-sm ${TONES[tone]}`}
    >
      {children}
    </span>
  );
}

/** A person or company without a picture; the letters are no text, so that nothing reads them. */
export function Monogram({ name, className = "size-11" }: { name: string; className?: string }) {
  return (
    <span
      aria-hidden="true"
      data-initials={initials(name)}
      className={`inline-flex shrink-0 items-center justify-center rounded-xl bg-accent-soft text-sm font-semibold text-accent before:content-[attr(data-initials)] ${className}`}
    />
  );
}

/** A person, as whatever names one says who it is. */
export interface Pictured {
  id: number;
  full_name: string;
  avatar_id: number | null;
}

/** A person's picture, their initials where there is none or it does not come; the name stands beside it. */
export function Portrait({
  person,
  className = "size-11",
}: {
  person: Pictured;
  className?: string;
}) {
  const { id, full_name: name, avatar_id: avatar } = person;
  const [broken, setBroken] = useState<number | null>(null);
  if (avatar === null || avatar === broken) return <Monogram name={name} className={className} />;
  return (
    <img
      // Before the address, or some browsers ask for it at once.
      loading="lazy"
      decoding="async"
      // Another picture has another address: a browser keeps the one before for a while.
      src={`${BASE}/api/v1/users/${id}/avatar?of=${avatar}`}
      alt=""
      onError={() => setBroken(avatar)}
      className={`shrink-0 rounded-xl bg-sunken object-cover ${className}`}
    />
  );
}

/** Text as people wrote it: paragraphs where they left a line free. */
export function Prose({ text }: { text: string }) {
  return (
    <div className="grid max-w-prose gap-4 break-words">
      {text.split(/\n\s*\n/).map((paragraph, index) => (
        <p key={index} className="whitespace-pre-line">
          {paragraph}
        </p>
      ))}
    </div>
  );
}
