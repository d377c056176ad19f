import { useState } from "react";
import { post } from "../api/client";
import { useFragmentToken } from "../data/going";
import { useAction } from "../data/use-action";
import { Button, ButtonLink } from "../ui/button";
import { Page } from "../ui/page";
import { Card } from "../ui/parts";
import { Note, Refusal } from "../ui/states";

export default function VerifyEmail() {
  const token = useFragmentToken();
  const [isDone, setDone] = useState(false);
  // On a press: programs that look at links in letters open them, and press nothing.
  const prove = useAction(async () => {
    await post("/api/v1/auth/email/verify", { body: { token } });
    setDone(true);
  });
  return (
    <Page title="Your address" narrow>
      <Card className="grid justify-items-start gap-5">
        {isDone ? (
          <>
            <Note>Your address is confirmed.</Note>
            <ButtonLink href="/jobs">See jobs</ButtonLink>
          </>
        ) : (
          <>
            <p>Confirm that this address is yours.</p>
            <Refusal error={prove.error} />
            <Button busy={prove.busy} onClick={() => void prove.run()}>
              Confirm
            </Button>
          </>
        )}
      </Card>
    </Page>
  );
}
