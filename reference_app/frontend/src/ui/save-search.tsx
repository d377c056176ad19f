import { useState } from "react";
import { Link } from "wouter";
import { post } from "../api/client";
import { usePerson } from "../api/session";
import { signInAddress } from "../data/going";
import { draftOf, inWords, type Conditions } from "../data/searches";
import { useAction } from "../data/use-action";
import { Button, ButtonLink } from "./button";
import { TextField, Toggle } from "./fields";
import { Form } from "./form";
import { Icon } from "./icons";
import { Card } from "./parts";
import { Note } from "./states";

const LONGEST_NAME = 120;

/** Keeps what is looked for now; shown anew for other conditions. */
export function SaveSearch({ conditions }: { conditions: Conditions }) {
  const person = usePerson();
  const [is, setIs] = useState<"offered" | "named" | "kept">("offered");
  const save = useAction(async (held: Record<string, string>) => {
    const draft = draftOf(conditions, held["name"] ?? "", held["alerts"] === "on");
    await post("/api/v1/saved-searches", { body: draft });
    setIs("kept");
  });
  if (person === null) {
    return (
      <ButtonLink kind="quiet" href={signInAddress(location.pathname + location.search)}>
        Sign in to save this search
      </ButtonLink>
    );
  }
  if (is === "kept") {
    return (
      <Note>
        Saved.{" "}
        <Link href="/saved/searches" className="font-medium underline">
          Your searches
        </Link>
      </Note>
    );
  }
  if (is === "offered") {
    return (
      <Button kind="quiet" onClick={() => setIs("named")}>
        <Icon name="bell" /> Save this search
      </Button>
    );
  }
  return (
    <Card>
      <Form
        label="Save it"
        busy={save.busy}
        error={save.error}
        onSend={save.run}
        beside={
          <Button kind="quiet" onClick={() => setIs("offered")}>
            Cancel
          </Button>
        }
      >
        <TextField
          label="Name of the search"
          name="name"
          required
          maxLength={LONGEST_NAME}
          defaultValue={inWords(conditions).slice(0, LONGEST_NAME)}
          autoFocus
        />
        <Toggle
          label="Tell me of new jobs"
          hint="Here within minutes, and by at most one letter a day."
          name="alerts"
          defaultChecked
        />
      </Form>
    </Card>
  );
}
