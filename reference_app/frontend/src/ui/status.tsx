import { wordFor } from "../data/words";
import { Badge } from "./parts";

const TONES = {
  shortlisted: "accent",
  hired: "accent",
  published: "accent",
  rejected: "danger",
  suspended: "danger",
  past_due: "danger",
  running: "accent",
  paused: "warn",
  draft: "warn",
  expired: "warn",
} as const;

/** Where an application, a job or a plan stands. */
export function Status({ of }: { of: string }) {
  return <Badge tone={TONES[of as keyof typeof TONES] ?? "plain"}>{wordFor(of)}</Badge>;
}
