export type Fact = [name: string, value: string];

/** Figures side by side, each with its name under it. */
export function Facts({ facts, className }: { facts: Fact[]; className: string }) {
  return (
    <dl className={`grid gap-3 ${className}`}>
      {facts.map(([name, value]) => (
        <div key={name} className="flex flex-col-reverse justify-end rounded-2xl border border-line bg-surface p-4">
          <dt className="text-sm text-muted">{name}</dt>
          <dd className="text-2xl font-semibold">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
