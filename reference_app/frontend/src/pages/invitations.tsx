import { useLocation } from "wouter";
import { post } from "../api/client";
import { usePerson } from "../api/session";
import { useFragmentToken } from "../data/going";
import { useAction } from "../data/use-action";
import { Button, ButtonLink } from "../ui/button";
import { Page } from "../ui/page";
import { Card } from "../ui/parts";
import { Refusal } from "../ui/states";

export default function Invitation() {
  const token = useFragmentToken();
  const [, go] = useLocation();
  const person = usePerson();
  const accept = useAction(async () => {
    await post("/api/v1/companies/invitations/accept", { body: { token } });
    go("/desk", { replace: true });
  });
  const decline = useAction(async () => {
    await post("/api/v1/companies/invitations/decline", { body: { token } });
    go("/", { replace: true });
  });
  return (
    <Page title="An invitation" narrow>
      <Card className="grid gap-5">
        <p>A company asks you to join its team on HireMeBahamas.</p>
        <Refusal error={accept.error ?? decline.error} />
        <div className="flex flex-wrap gap-3">
          {person === null ? (
            <ButtonLink href={`/sign-in?${new URLSearchParams({ next: `/invitations#token=${token}` }).toString()}`}>
              Sign in to join
            </ButtonLink>
          ) : (
            <Button busy={accept.busy} onClick={() => void accept.run()}>
              Join
            </Button>
          )}
          <Button kind="plain" busy={decline.busy} onClick={() => void decline.run()}>
            Decline
          </Button>
        </div>
      </Card>
    </Page>
  );
}
