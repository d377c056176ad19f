import type { ButtonHTMLAttributes, ReactNode } from "react";
import { Link } from "wouter";

const SHAPE =
  "inline-flex items-center justify-center gap-2 rounded-xl px-4 min-h-11 text-sm font-medium " +
  "whitespace-nowrap transition-colors disabled:opacity-60 disabled:cursor-default";
const KINDS = {
  main: "bg-accent text-on-accent hover:bg-accent-strong",
  plain: "border border-line bg-surface text-ink hover:bg-sunken",
  quiet: "text-accent hover:bg-accent-soft",
  danger: "border border-line bg-surface text-danger hover:bg-danger-soft",
};

export type ButtonKind = keyof typeof KINDS;

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  kind?: ButtonKind;
  busy?: boolean;
}

export function Button({ kind = "main", busy = false, className = "", ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      disabled={rest.disabled || busy}
      aria-busy={busy || undefined}
      className={`${SHAPE} ${KINDS[kind]} ${className}`}
    />
  );
}

/** Opens the choice of a file; the input under it is what keys and readers reach. */
export function FileButton({
  accept,
  busy = false,
  onPick,
  children,
}: {
  accept: string;
  busy?: boolean;
  onPick: (file: File) => unknown;
  children: ReactNode;
}) {
  return (
    <label
      className={`${SHAPE} ${KINDS.plain} relative cursor-pointer has-disabled:opacity-60 has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-accent`}
    >
      {children}
      <input
        type="file"
        accept={accept}
        disabled={busy}
        aria-busy={busy || undefined}
        className="sr-only"
        onChange={({ currentTarget: input }) => {
          const file = input.files?.[0];
          // The same file may be chosen again.
          input.value = "";
          if (file !== undefined) void onPick(file);
        }}
      />
    </label>
  );
}

interface ButtonLinkProps {
  href: string;
  kind?: ButtonKind;
  className?: string;
  children: ReactNode;
}

export function ButtonLink({ href, kind = "main", className = "", children }: ButtonLinkProps) {
  return (
    <Link href={href} className={`${SHAPE} ${KINDS[kind]} ${className}`}>
      {children}
    </Link>
  );
}
