import { useState } from "react";
import { post } from "../api/client";
import { useAction } from "../data/use-action";
import { TextField } from "../ui/fields";
import { Form } from "../ui/form";
import { Page } from "../ui/page";
import { Card } from "../ui/parts";
import { Note } from "../ui/states";

export default function ForgotPassword() {
  const [isAsked, setAsked] = useState(false);
  const ask = useAction(async (email: string) => {
    await post("/api/v1/auth/password/forgot", { body: { email } });
    setAsked(true);
  });
  return (
    <Page title="A new password" narrow>
      <Card className="grid gap-5">
        {isAsked ? (
          <Note>If there is an account with this address, a letter is on its way to it.</Note>
        ) : (
          <Form label="Send me a link" busy={ask.busy} error={ask.error} onSend={(held) => ask.run(held["email"] ?? "")}>
            <TextField label="Email" name="email" type="email" autoComplete="username" required maxLength={254} />
          </Form>
        )}
      </Card>
    </Page>
  );
}
