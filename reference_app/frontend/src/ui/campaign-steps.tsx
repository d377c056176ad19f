import { useState } from "react";
import { post } from "../api/client";
import { stepsFrom, type Step } from "../data/campaigns";
import { useAction } from "../data/use-action";
import { Button } from "./button";
import { Refusal } from "./states";

const DEEDS: Record<Step, string> = { submit: "Submit", start: "Start", pause: "Pause", end: "End" };

const bring: Record<Step, (id: number) => Promise<{ status: string }>> = {
  submit: (id) => post("/api/v1/campaigns/{campaign_id}/submit", { path: { campaign_id: id } }),
  start: (id) => post("/api/v1/campaigns/{campaign_id}/start", { path: { campaign_id: id } }),
  pause: (id) => post("/api/v1/campaigns/{campaign_id}/pause", { path: { campaign_id: id } }),
  end: (id) => post("/api/v1/campaigns/{campaign_id}/end", { path: { campaign_id: id } }),
};

/** What its owner can do with a campaign as it stands. */
export function CampaignSteps({
  id,
  title,
  status,
  onStatus,
}: {
  id: number;
  title: string;
  status: string;
  onStatus: (status: string) => void;
}) {
  const step = useAction(async (to: Step) => onStatus((await bring[to](id)).status));
  const [isEnding, setEnding] = useState(false);
  const steps = stepsFrom(status);
  if (steps.length === 0) return null;
  if (isEnding) {
    return (
      <div role="group" aria-label={`End: ${title}`} className="flex flex-wrap items-center gap-3">
        <p>It is never shown again then.</p>
        <Button kind="danger" busy={step.busy} onClick={() => void step.run("end")}>
          End it for good
        </Button>
        <Button kind="plain" autoFocus onClick={() => setEnding(false)}>
          Keep it
        </Button>
        <Refusal error={step.error} />
      </div>
    );
  }
  return (
    <>
      <div className="flex flex-wrap gap-3">
        {steps.map((to) => (
          <Button
            key={to}
            kind={to === "end" ? "danger" : to === "pause" ? "plain" : "main"}
            busy={step.busy}
            aria-label={`${DEEDS[to]}: ${title}`}
            onClick={() => (to === "end" ? setEnding(true) : void step.run(to))}
          >
            {DEEDS[to]}
          </Button>
        ))}
      </div>
      <Refusal error={step.error} />
    </>
  );
}
