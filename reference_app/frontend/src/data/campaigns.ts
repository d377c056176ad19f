// Campaigns: where one can go from each status, and how dates and budgets are entered.
import type { Campaign, CampaignDraft } from "../api/types";
import { cents } from "./use-action";

export type Step = "submit" | "start" | "pause" | "end";

/** As `bring` in reference_app/advertising/service.py has it for owners. */
const STEPS: Record<string, Step[]> = {
  draft: ["submit", "end"],
  submitted: ["end"],
  approved: ["start", "end"],
  rejected: ["end"],
  running: ["pause", "end"],
  paused: ["start", "end"],
};

export function stepsFrom(status: string): Step[] {
  return STEPS[status] ?? [];
}

export function isOpenToChange(campaign: Campaign): boolean {
  return campaign.status === "draft" || campaign.status === "rejected";
}

const PLACES: Record<string, string> = {
  feed: "In the feed",
  jobs: "In lists of jobs",
  job: "Beside a job",
};

export const PLACEMENTS = Object.entries(PLACES).map(([value, name]) => ({ value, name }));

export function placeInWords(placement: string | null): string {
  return placement === null ? "Everywhere" : (PLACES[placement] ?? placement);
}

/** Days are those of UTC. */
export function dayOf(moment: string): string {
  return new Date(moment).toISOString().slice(0, 10);
}

export function draftFrom(held: Record<string, string>): CampaignDraft {
  return {
    title: held["title"],
    text: held["text"],
    target_url: held["target_url"],
    placement: held["placement"] || null,
    island: held["island"] || null,
    category: held["category"] || null,
    starts_at: `${held["starts"]}T00:00:00Z`,
    // The last day is had to its end.
    ends_at: `${held["ends"]}T23:59:59Z`,
    daily_impressions: Number(held["daily"]),
    total_impressions: Number(held["total"]),
    cpm_cents: cents(held["cpm"]) ?? 0,
  } as CampaignDraft;
}
