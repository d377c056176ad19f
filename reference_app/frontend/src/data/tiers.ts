// What tiers differ in, in words.
import { counted, number } from "./words";

const LIMITED: Record<string, [one: string, many: string, when: string]> = {
  messages: ["message", "messages", " a month"],
  posts: ["post", "posts", " a month"],
  inmail: ["message to a stranger", "messages to strangers", " a month"],
  connections: ["connection", "connections", ""],
  active_jobs: ["open job", "open jobs", ""],
  team_seats: ["team seat", "team seats", ""],
};

const HAD: Record<string, string> = {
  no_ads: "No advertisements",
  advanced_search: "Advanced search",
  who_viewed_me: "Who looked at your profile",
  applicant_tracking: "Applicant tracking",
  company_page: "Company page",
  priority_placement: "Priority placement",
  api_access: "API access",
  bulk_actions: "Bulk actions",
};

export const RANKS = ["free", "pro", "business", "enterprise"] as const;

export function limitInWords(feature: string, limit: number | null): string | null {
  const words = LIMITED[feature];
  if (words === undefined || limit === 0) return null;
  const [one, many, when] = words;
  return limit === null ? `Unlimited ${many}` : `${counted(limit, one, many)}${when}`;
}

export function featureInWords(feature: string): string {
  return HAD[feature] ?? LIMITED[feature]?.[1] ?? feature;
}

export function usageInWords(used: number | null, limit: number | null): string {
  if (limit === 0) return "not in this plan";
  const so = number(used ?? 0);
  return limit === null ? `${so} used, no limit` : `${so} of ${number(limit)} used`;
}
