import { useState } from "react";
import { get, post } from "../api/client";
import { usePerson } from "../api/session";
import type { Subscription, Tier, TierDetail } from "../api/types";
import { signInAddress, useQuery } from "../data/going";
import { featureInWords, limitInWords, RANKS } from "../data/tiers";
import { useAction } from "../data/use-action";
import { useResource } from "../data/use-resource";
import { money } from "../data/words";
import { Button, ButtonLink } from "../ui/button";
import { Icon } from "../ui/icons";
import { Page } from "../ui/page";
import { Badge } from "../ui/parts";
import { Pending, Refusal } from "../ui/states";

type Every = "month" | "year";

function Choose({ tier, every, own }: { tier: TierDetail; every: Every; own: Subscription | undefined }) {
  const person = usePerson();
  const plan = { tier: tier.tier as Exclude<Tier, "free">, interval: every };
  const isPaying = own !== undefined && own.tier !== "free" && own.status !== null;
  const go = useAction(async () => {
    if (isPaying) {
      await post("/api/v1/subscriptions/change", { body: plan });
      location.assign("/billing");
    } else {
      location.assign((await post("/api/v1/subscriptions/checkout", { body: plan })).url);
    }
  });
  if (tier.tier === "free") {
    return person === null ? <ButtonLink kind="plain" href="/sign-up">Join for free</ButtonLink> : null;
  }
  if (tier.prices[every] === undefined) return <p className="text-sm text-muted">Paid by the month only.</p>;
  if (person === null) {
    return <ButtonLink href={signInAddress(`/pricing?tier=${tier.tier}`)}>Choose {tier.name}</ButtonLink>;
  }
  return (
    <div className="grid gap-3">
      <Button busy={go.busy} onClick={() => void go.run()}>
        {isPaying ? `Change to ${tier.name}` : own?.trial_available ? `Try ${tier.name} for free` : `Choose ${tier.name}`}
      </Button>
      <Refusal error={go.error} />
    </div>
  );
}

function Column({
  tier,
  every,
  own,
  isAsked,
}: {
  tier: TierDetail;
  every: Every;
  own: Subscription | undefined;
  isAsked: boolean;
}) {
  const price = tier.prices[every] ?? tier.prices["month"];
  const isOwn = own?.tier === tier.tier;
  const lines = [
    ...Object.entries(tier.limits).map(([feature, limit]) => limitInWords(feature, limit)),
    ...tier.features.map(featureInWords),
    ...tier.perks,
  ].filter((line) => line !== null);
  return (
    <section
      aria-labelledby={`tier-${tier.tier}`}
      className={`flex flex-col gap-5 rounded-2xl border bg-surface p-6 ${
        isAsked ? "border-accent ring-2 ring-accent" : "border-line"
      }`}
    >
      <div className="grid gap-1">
        <div className="flex items-center justify-between gap-2">
          <h2 id={`tier-${tier.tier}`} className="text-xl">
            {tier.name}
          </h2>
          {isOwn && <Badge tone="accent">Yours</Badge>}
        </div>
        <p>
          <span className="text-3xl font-semibold tracking-tight">{price === undefined ? "$0" : money(price)}</span>
          <span className="block text-sm text-muted">
            {price === undefined ? "for good" : tier.prices[every] === undefined ? "a month" : `a ${every}`}
          </span>
        </p>
      </div>
      {!isOwn && <Choose tier={tier} every={every} own={own} />}
      <ul className="grid gap-2 text-sm">
        {lines.map((line) => (
          <li key={line} className="flex gap-2">
            <Icon name="check" className="mt-0.5 size-4 text-accent" />
            {line}
          </li>
        ))}
      </ul>
    </section>
  );
}

export default function Pricing() {
  const person = usePerson();
  const asked = useQuery().get("tier");
  const [every, setEvery] = useState<Every>("month");
  const tiers = useResource("tiers", (signal) => get("/api/v1/subscriptions/tiers", { signal }));
  const own = useResource(person === null ? null : "subscription", (signal) =>
    get("/api/v1/subscriptions/me", { signal }),
  );
  if (tiers.data === undefined) {
    return (
      <Page title="Pricing">
        <Pending of={tiers} />
      </Page>
    );
  }
  const sorted = [...tiers.data.tiers].sort((a, b) => RANKS.indexOf(a.tier) - RANKS.indexOf(b.tier));
  return (
    <Page title="Pricing" lead={`Free to begin. Paid plans can be tried for ${tiers.data.trial_days} days.`}>
      <div role="group" aria-label="Paid by" className="mb-6 inline-flex rounded-xl border border-line bg-sunken p-1">
        {(["month", "year"] as const).map((one) => (
          <button
            key={one}
            type="button"
            aria-pressed={every === one}
            onClick={() => setEvery(one)}
            className="min-h-10 rounded-lg px-5 text-sm font-medium text-muted aria-pressed:bg-accent aria-pressed:text-on-accent"
          >
            By the {one}
          </button>
        ))}
      </div>
      <div className="grid gap-4 sm:grid-cols-2 lg:grid-cols-4">
        {sorted.map((tier) => (
          <Column key={tier.tier} tier={tier} every={every} own={own.data} isAsked={asked === tier.tier} />
        ))}
      </div>
    </Page>
  );
}
