import { useLocation } from "wouter";
import { post } from "../api/client";
import { useFragmentToken } from "../data/going";
import { useAction } from "../data/use-action";
import { TextField } from "../ui/fields";
import { Form } from "../ui/form";
import { Page } from "../ui/page";
import { Card } from "../ui/parts";

export default function ResetPassword() {
  const token = useFragmentToken();
  const [, go] = useLocation();
  const reset = useAction(async (password: string) => {
    await post("/api/v1/auth/password/reset", { body: { token, new_password: password } });
    go("/sign-in?why=reset", { replace: true });
  });
  return (
    <Page title="Choose a new password" narrow>
      <Card>
        <Form
          label="Change it"
          busy={reset.busy}
          error={reset.error}
          onSend={(_, form) => reset.run(new FormData(form).get("password") as string)}
        >
          <TextField
            label="New password"
            name="password"
            type="password"
            autoComplete="new-password"
            required
            minLength={10}
            maxLength={72}
            hint="At least 10 characters."
          />
        </Form>
      </Card>
    </Page>
  );
}
