import { useState } from "react";
import { Link } from "wouter";
import { post } from "../api/client";
import type { Job, Person } from "../api/types";
import { signInAddress } from "../data/going";
import { PAPERS, useOwnFiles } from "../data/uploads";
import { cents, useAction } from "../data/use-action";
import { Button, ButtonLink, FileButton } from "./button";
import { Select, TextArea, TextField } from "./fields";
import { Form } from "./form";
import { Note, Refusal } from "./states";

/** Which of one's résumés goes with it; one can be added on the way. */
function ResumeChoice() {
  const [chosen, choose] = useState<string | null>(null);
  const { files, send } = useOwnFiles("resume", (sent) => choose(String(sent.id)));
  const held = files.data;
  if (held === undefined) return null;
  return (
    <div className="grid gap-2">
      <Select
        label="Résumé"
        name="resume"
        none="Without a résumé"
        value={chosen ?? String(held[0]?.id ?? "")}
        onChange={(event) => choose(event.target.value)}
        choices={held.map((file) => ({ value: String(file.id), name: file.file_name }))}
      />
      <div>
        <FileButton accept={PAPERS} busy={send.busy} onPick={send.run}>
          Add a résumé
        </FileButton>
      </div>
      <Refusal error={send.error} />
    </div>
  );
}

function ApplyForm({ job, onDone }: { job: Job; onDone: () => void }) {
  const apply = useAction(async (held: Record<string, string>) => {
    const budget = cents(held["budget"]);
    await post("/api/v1/jobs/{job_id}/applications", {
      path: { job_id: job.id },
      body: {
        cover_letter: held["cover_letter"] ?? "",
        ...(budget !== null && { proposed_budget_cents: budget }),
        ...(held["resume"] && { resume_id: Number(held["resume"]) }),
      },
    });
    onDone();
  });
  return (
    <Form label="Send application" busy={apply.busy} error={apply.error} onSend={apply.run}>
      <TextArea
        label="Why you?"
        name="cover_letter"
        required
        maxLength={20000}
        autoFocus
        hint="What you have done, and when you can begin."
      />
      <ResumeChoice />
      <TextField
        label="What you ask, in dollars a month (if you like)"
        name="budget"
        type="number"
        min={0}
        step="0.01"
        inputMode="decimal"
      />
    </Form>
  );
}

/** What a reader of a job can do about it, whoever they are. */
export function Apply({ job, person }: { job: Job; person: Person | null }) {
  const [is, setIs] = useState<"reading" | "writing" | "done">("reading");
  if (job.status !== "published") return null;
  if (person === null) {
    return (
      <div className="grid gap-3">
        <ButtonLink href={signInAddress(`/jobs/${job.id}`)}>Sign in to apply</ButtonLink>
        <p className="text-center text-sm text-muted">
          New here?{" "}
          <Link
            href={`/sign-up?${new URLSearchParams({ next: `/jobs/${job.id}` }).toString()}`}
            className="text-accent underline underline-offset-2"
          >
            Make an account
          </Link>
        </p>
      </div>
    );
  }
  if (person.role !== "seeker") return null;
  if (is === "done") {
    return (
      <Note>
        Sent. <Link href="/applications" className="font-medium underline">Your applications</Link>
      </Note>
    );
  }
  if (is === "writing") return <ApplyForm job={job} onDone={() => setIs("done")} />;
  return (
    <Button className="w-full" onClick={() => setIs("writing")}>
      Apply
    </Button>
  );
}
