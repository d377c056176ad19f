import { useEffect, useState } from "react";
import { get } from "../api/client";
import { useResource } from "../data/use-resource";
import { wordFor } from "../data/words";
import { ButtonLink } from "../ui/button";
import { Page } from "../ui/page";
import { Card } from "../ui/parts";
import { Note } from "../ui/states";

const ASK_EVERY_MS = 1_000;
const PATIENCE = 60;

/** Back from paying: the plan is there once the payment's word has reached the board. */
export default function BillingDone() {
  const own = useResource("subscription", (signal) => get("/api/v1/subscriptions/me", { signal }));
  const [asked, setAsked] = useState(0);
  const { data, reload } = own;
  const isThere = data !== undefined && data.tier !== "free";
  useEffect(() => {
    if (isThere || asked >= PATIENCE) return;
    const next = setTimeout(() => {
      reload();
      setAsked((n) => n + 1);
    }, ASK_EVERY_MS);
    return () => clearTimeout(next);
  }, [isThere, asked, reload]);
  return (
    <Page title="Thank you" narrow>
      <Card className="grid justify-items-start gap-5">
        {isThere ? (
          <Note>You are on {wordFor(data.tier)} now.</Note>
        ) : (
          <p role="status">
            {asked < PATIENCE
              ? "Your payment is being confirmed…"
              : "It takes longer than usual. Your plan will show under Plan and billing."}
          </p>
        )}
        <div className="flex flex-wrap gap-3">
          <ButtonLink href="/billing">Plan and billing</ButtonLink>
          <ButtonLink kind="plain" href="/jobs">
            See jobs
          </ButtonLink>
        </div>
      </Card>
    </Page>
  );
}
