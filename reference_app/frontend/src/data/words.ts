// How values read to a person.

const NAMES: Record<string, string> = {
  full_time: "Full time",
  part_time: "Part time",
  contract: "Contract",
  temporary: "Temporary",
  gig: "Gig",
};

export const EMPLOYMENT_TYPES = ["full_time", "part_time", "contract", "temporary", "gig"] as const;

/** `fishing-and-boating` as `Fishing and boating`; islands are names, in capitals. */
export function wordFor(slug: string): string {
  const plain = slug.replace(/[-_]/g, " ");
  return NAMES[slug] ?? plain.charAt(0).toUpperCase() + plain.slice(1);
}

export function islandName(slug: string): string {
  return slug.replace(/(^|-)(\w)/g, (_, gap: string, letter: string) =>
    (gap && " ") + letter.toUpperCase(),
  );
}

const whole = new Intl.NumberFormat("en-US", {
  style: "currency",
  currency: "USD",
  maximumFractionDigits: 0,
});
const exact = new Intl.NumberFormat("en-US", { style: "currency", currency: "USD" });

export function money(cents: number): string {
  return (cents % 100 === 0 ? whole : exact).format(cents / 100);
}

/** Salaries are in cents a month. */
export function salary(min: number | null, max: number | null): string | null {
  if (min !== null && max !== null && min !== max) return `${money(min)} to ${money(max)} a month`;
  if (min !== null && max !== null) return `${money(min)} a month`;
  if (min !== null) return `From ${money(min)} a month`;
  if (max !== null) return `Up to ${money(max)} a month`;
  return null;
}

const count = new Intl.NumberFormat("en-US");

export function counted(n: number, one: string, many = `${one}s`): string {
  return `${count.format(n)} ${n === 1 ? one : many}`;
}

export function number(n: number): string {
  return count.format(n);
}

/** "120 KB": files count in thousands. */
export function fileSize(bytes: number): string {
  if (bytes < 1e6) return `${count.format(Math.max(1, Math.round(bytes / 1e3)))} KB`;
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["minute", 60],
  ["hour", 3600],
  ["day", 86_400],
  ["week", 604_800],
];
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });
const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });

export function date(iso: string): string {
  return day.format(new Date(iso));
}

export function time(iso: string): string {
  return clock.format(new Date(iso));
}

/** "2 hours ago"; beyond five weeks the day. */
export function ago(iso: string): string {
  const seconds = (Date.now() - new Date(iso).getTime()) / 1000;
  if (seconds < 60) return "just now";
  if (seconds > 35 * 86_400) return date(iso);
  const [unit, length] = STEPS.filter(([, s]) => seconds >= s).at(-1) ?? ["minute", 60];
  return relative.format(-Math.floor(seconds / length), unit);
}

export function initials(name: string): string {
  const parts = name.trim().split(/\s+/);
  return ((parts[0]?.[0] ?? "") + (parts.length > 1 ? (parts.at(-1)?.[0] ?? "") : "")).toUpperCase();
}
