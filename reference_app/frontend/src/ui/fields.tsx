import { useId, type ComponentProps, type ReactNode } from "react";

const BOX =
  "w-full rounded-xl border border-strong-line/60 bg-surface px-3.5 min-h-11 text-base " +
  "text-ink hover:border-strong-line";

interface Named {
  label: string;
  hint?: string;
}

function Labelled({
  id,
  label,
  hint,
  children,
}: Named & { id: string; children: ReactNode }) {
  return (
    <div className="grid gap-1.5">
      <label htmlFor={id} className="text-sm font-medium">
        {label}
      </label>
      {children}
      {hint !== undefined && (
        <p id={`${id}-hint`} className="text-sm text-muted">
          {hint}
        </p>
      )}
    </div>
  );
}

export function TextField({ label, hint, ...rest }: Named & ComponentProps<"input">) {
  const id = useId();
  return (
    <Labelled id={id} label={label} {...(hint !== undefined && { hint })}>
      <input
        {...rest}
        id={id}
        aria-describedby={hint === undefined ? undefined : `${id}-hint`}
        className={BOX}
      />
    </Labelled>
  );
}

export function TextArea({ label, hint, ...rest }: Named & ComponentProps<"textarea">) {
  const id = useId();
  return (
    <Labelled id={id} label={label} {...(hint !== undefined && { hint })}>
      <textarea
        rows={6}
        {...rest}
        id={id}
        aria-describedby={hint === undefined ? undefined : `${id}-hint`}
        className={`${BOX} py-2.5`}
      />
    </Labelled>
  );
}

export interface Choice {
  value: string;
  name: string;
}

interface SelectProps extends ComponentProps<"select">, Named {
  choices: readonly Choice[];
  /** What stands for no choice, if none is allowed. */
  none?: string;
}

export function Select({ label, hint, choices, none, ...rest }: SelectProps) {
  const id = useId();
  return (
    <Labelled id={id} label={label} {...(hint !== undefined && { hint })}>
      <select {...rest} id={id} className={BOX}>
        {none !== undefined && <option value="">{none}</option>}
        {choices.map(({ value, name }) => (
          <option key={value} value={value}>
            {name}
          </option>
        ))}
      </select>
    </Labelled>
  );
}

export function Toggle({ label, hint, ...rest }: Named & ComponentProps<"input">) {
  const id = useId();
  return (
    <div className="flex items-start gap-3">
      <input {...rest} type="checkbox" id={id} className="mt-1 size-5 shrink-0 accent-accent" />
      <label htmlFor={id} className="text-sm">
        <span className="font-medium">{label}</span>
        {hint !== undefined && <span className="block text-muted">{hint}</span>}
      </label>
    </div>
  );
}
