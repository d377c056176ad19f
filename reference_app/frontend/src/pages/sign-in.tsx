import { Link, Redirect } from "wouter";
import { post } from "../api/client";
import { begin, usePerson } from "../api/session";
import { safeNext, useQuery } from "../data/going";
import { useAction } from "../data/use-action";
import { TextField } from "../ui/fields";
import { Form } from "../ui/form";
import { GoogleButton } from "../ui/google-button";
import { passwordIn } from "../ui/new-password";
import { Page } from "../ui/page";
import { Card } from "../ui/parts";
import { Note } from "../ui/states";

export default function SignIn() {
  const query = useQuery();
  const person = usePerson();
  const next = safeNext(query.get("next"));
  const signIn = useAction(async (email: string, password: string) => {
    begin(await post("/api/v1/auth/login", { body: { email, password } }));
  });
  if (person !== null) return <Redirect to={next} replace />;
  return (
    <Page title="Sign in" narrow>
      <Card className="grid gap-5">
        {query.get("why") === "expired" && <Note>Your session has ended. Sign in to go on.</Note>}
        {query.get("why") === "reset" && <Note>Your password is changed. Sign in with it.</Note>}
        <Form
          label="Sign in"
          busy={signIn.busy}
          error={signIn.error}
          onSend={(held, form) => signIn.run(held["email"] ?? "", passwordIn(form))}
          beside={
            <Link href="/forgot-password" className="text-sm text-accent hover:underline">
              Forgotten your password?
            </Link>
          }
        >
          <TextField label="Email" name="email" type="email" autoComplete="username" required maxLength={254} />
          <TextField
            label="Password"
            name="password"
            type="password"
            autoComplete="current-password"
            required
          />
        </Form>
        <GoogleButton role="seeker" next={next} />
      </Card>
      <p className="mt-6 text-muted">
        New here?{" "}
        <Link
          href={`/sign-up?${new URLSearchParams({ next }).toString()}`}
          className="font-medium text-accent hover:underline"
        >
          Make an account
        </Link>
      </p>
    </Page>
  );
}
