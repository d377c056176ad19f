import { useState } from "react";
import { Link } from "wouter";
import { get, patch, post } from "../api/client";
import { rename, usePerson } from "../api/session";
import { useAction } from "../data/use-action";
import { useResource } from "../data/use-resource";
import { counted } from "../data/words";
import { Button } from "../ui/button";
import { Select, TextArea, TextField, Toggle } from "../ui/fields";
import { Form } from "../ui/form";
import { OwnFiles, OwnPicture } from "../ui/own-files";
import { Page } from "../ui/page";
import { Card } from "../ui/parts";
import { Note, Pending, Refusal } from "../ui/states";

function Proof() {
  const [isSent, setSent] = useState(false);
  const send = useAction(async () => {
    await post("/api/v1/auth/email/resend", {});
    setSent(true);
  });
  return (
    <Card className="mb-4 flex flex-wrap items-center justify-between gap-3">
      <p className="text-sm text-muted">
        {isSent ? "A letter is on its way." : "Your email address is not confirmed yet."}
      </p>
      {!isSent && (
        <Button kind="plain" busy={send.busy} onClick={() => void send.run()}>
          Send the letter again
        </Button>
      )}
      <Refusal error={send.error} />
    </Card>
  );
}

function Views() {
  const views = useResource("profile-views", (signal) => get("/api/v1/users/me/views", { signal }));
  if (views.data === undefined) return null;
  const { viewers, days } = views.data;
  return (
    <p className="text-sm text-muted">
      {counted(viewers, "person", "people")} looked at your profile in {days} days.
    </p>
  );
}

export default function ProfilePage() {
  const person = usePerson();
  const [isSaved, setSaved] = useState(false);
  const key = person === null ? null : `own-profile/${person.id}`;
  const profile = useResource(key, (signal) =>
    get("/api/v1/users/{user_id}", { path: { user_id: person?.id ?? 0 }, signal }),
  );
  const islands = useResource("islands", (signal) => get("/api/v1/islands", { signal }));
  const save = useAction(async (held: Record<string, string>) => {
    const changed = await patch("/api/v1/users/me", {
      body: {
        full_name: held["full_name"] ?? "",
        headline: held["headline"] ?? "",
        bio: held["bio"] ?? "",
        island: (held["island"] || null) as never,
        skills: (held["skills"] ?? "").split(",").map((one) => one.trim()).filter(Boolean),
        available_for_hire: held["available"] === "on",
      },
    });
    rename(changed);
    profile.change((now) => ({ ...now, ...changed }));
    setSaved(true);
  });
  const own = profile.data;
  return (
    <Page
      title="Your profile"
      narrow
      lead={person !== null && <Link href={`/people/${person.id}`} className="text-accent hover:underline">As others see it</Link>}
    >
      {person?.email_verified === false && <Proof />}
      {own === undefined || islands.data === undefined ? (
        <Pending of={own === undefined ? profile : islands} />
      ) : (
        <Card className="grid gap-6">
          <OwnPicture
            profile={own}
            onChange={(avatar_id) => profile.change((now) => ({ ...now, avatar_id }))}
          />
          <Form
            label="Save"
            busy={save.busy}
            error={save.error}
            onSend={save.run}
            beside={isSaved && !save.busy && save.error === null && <Note>Saved</Note>}
          >
            <div className="rounded-xl bg-accent-soft p-4">
              <Toggle
                label="Available for hire"
                hint="Employers find you among the people who look for work."
                name="available"
                defaultChecked={own.available_for_hire}
              />
            </div>
            <TextField label="Full name" name="full_name" required maxLength={120} defaultValue={own.full_name} autoComplete="name" />
            <TextField label="Headline" name="headline" maxLength={200} defaultValue={own.headline} hint="What you do, in one line." />
            <Select
              label="Island"
              name="island"
              none="Not said"
              defaultValue={own.island ?? ""}
              choices={islands.data.items.map(({ slug, name }) => ({ value: slug, name }))}
            />
            <TextField label="Skills" name="skills" defaultValue={own.skills.join(", ")} hint="With commas between." />
            <TextArea label="About you" name="bio" maxLength={20000} defaultValue={own.bio} />
          </Form>
          <Views />
        </Card>
      )}
      {person?.role === "seeker" &&
        (["portfolio", "resume"] as const).map((kind) => (
          <Card key={kind} className="mt-4">
            <OwnFiles kind={kind} />
          </Card>
        ))}
    </Page>
  );
}
