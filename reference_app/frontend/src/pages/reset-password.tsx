import { useLocation } from "wouter";
import { post } from "../api/client";
import { useFragmentToken } from "../data/going";
import { useAction } from "../data/use-action";
import { Form } from "../ui/form";
import { NewPasswordField, passwordIn } from "../ui/new-password";
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
          onSend={(_, form) => reset.run(passwordIn(form))}
        >
          <NewPasswordField label="New password" />
        </Form>
      </Card>
    </Page>
  );
}
