import { useState } from "react";
import { Link, Redirect } from "wouter";
import { post } from "../api/client";
import { begin, usePerson } from "../api/session";
import { safeNext, useQuery } from "../data/going";
import type { Role } from "../data/google";
import { useAction } from "../data/use-action";
import { TextField } from "../ui/fields";
import { Form } from "../ui/form";
import { GoogleButton } from "../ui/google-button";
import { NewPasswordField, passwordIn } from "../ui/new-password";
import { Page } from "../ui/page";
import { Card } from "../ui/parts";

const ROLES: { role: Role; name: string; about: string }[] = [
  { role: "seeker", name: "I look for work", about: "Find jobs, apply, be found." },
  { role: "employer", name: "I offer work", about: "Post jobs, choose people." },
];

export default function SignUp() {
  const query = useQuery();
  const person = usePerson();
  const [role, setRole] = useState<Role>(query.get("role") === "employer" ? "employer" : "seeker");
  const referral = query.get("ref");
  const next = query.get("next");
  const join = useAction(async (held: Record<string, string>, password: string) => {
    const answer = await post("/api/v1/auth/register", {
      body: {
        email: held["email"] ?? "",
        full_name: held["full_name"] ?? "",
        password,
        role,
        ...(referral !== null && { referral_code: referral }),
      },
    });
    begin(answer);
  });
  const goal = (as: string) => {
    const first = as === "employer" ? "/desk" : "/jobs";
    return next === null || next === "/" ? first : safeNext(next);
  };
  if (person !== null) return <Redirect to={goal(person.role)} replace />;
  return (
    <Page title="Make an account" narrow>
      <Card className="grid gap-5">
        <Form
          label="Make the account"
          busy={join.busy}
          error={join.error}
          onSend={(held, form) => join.run(held, passwordIn(form))}
        >
          <fieldset>
            <legend className="mb-2 text-sm font-medium">What brings you here?</legend>
            <div className="grid gap-3 sm:grid-cols-2">
              {ROLES.map(({ role: value, name, about }) => (
                <label
                  key={value}
                  className="flex cursor-pointer gap-3 rounded-xl border border-line p-4 has-checked:border-accent has-checked:bg-accent-soft"
                >
                  <input
                    type="radio"
                    name="role"
                    value={value}
                    checked={role === value}
                    onChange={() => setRole(value)}
                    className="mt-1 size-4 accent-accent"
                  />
                  <span>
                    <span className="block font-medium">{name}</span>
                    <span className="text-sm text-muted">{about}</span>
                  </span>
                </label>
              ))}
            </div>
          </fieldset>
          <TextField label="Full name" name="full_name" autoComplete="name" required maxLength={120} />
          <TextField label="Email" name="email" type="email" autoComplete="username" required maxLength={254} />
          <NewPasswordField label="Password" />
        </Form>
        <GoogleButton role={role} next={goal(role)} />
      </Card>
      <p className="mt-6 text-muted">
        Been here before?{" "}
        <Link
          href={`/sign-in?${new URLSearchParams({ next: safeNext(next) }).toString()}`}
          className="font-medium text-accent hover:underline"
        >
          Sign in
        </Link>
      </p>
    </Page>
  );
}
