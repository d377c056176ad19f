import { useState } from "react";
import { Link, useParams } from "wouter";
import { get, patch } from "../api/client";
import type { ApplicationStatus, ReceivedApplication } from "../api/types";
import { fetchFile } from "../data/uploads";
import { useAction } from "../data/use-action";
import { usePages, useResource } from "../data/use-resource";
import { ago, money, wordFor } from "../data/words";
import { Button, ButtonLink } from "../ui/button";
import { Page } from "../ui/page";
import { Card, Portrait } from "../ui/parts";
import { Empty, PagedList, Refusal } from "../ui/states";
import { Status } from "../ui/status";

const STAGES = ["submitted", "reviewed", "shortlisted", "hired", "rejected"] as const;
/** As reference_app/applications/pipeline.toml has it for employers. */
const STEPS: Record<string, ApplicationStatus[]> = {
  submitted: ["reviewed", "shortlisted", "hired", "rejected"],
  reviewed: ["shortlisted", "hired", "rejected"],
  shortlisted: ["reviewed", "hired", "rejected"],
  rejected: ["shortlisted"],
};
const DEEDS: Record<ApplicationStatus, string> = {
  reviewed: "Mark as read",
  shortlisted: "Shortlist",
  hired: "Hire",
  rejected: "Reject",
};

function Applicant({ one, onStep }: { one: ReceivedApplication; onStep: (to: string) => void }) {
  const step = useAction(async (status: ApplicationStatus) => {
    const path = { application_id: one.id };
    onStep((await patch("/api/v1/applications/{application_id}", { path, body: { status } })).status);
  });
  const open = useAction(fetchFile);
  const { resume_id: resume } = one;
  return (
    <Card className="grid gap-4">
      <div className="flex flex-wrap items-start gap-4">
        <Portrait person={one.applicant} />
        <div className="min-w-0 grow">
          <h2 className="text-lg">
            <Link href={`/people/${one.applicant.id}`} className="hover:underline">
              {one.applicant.full_name}
            </Link>
          </h2>
          <p className="text-sm text-muted">
            {[one.applicant.headline, ago(one.created_at)].filter(Boolean).join(" · ")}
          </p>
        </div>
        <Status of={one.status} />
      </div>
      <p className="max-w-prose whitespace-pre-line">{one.cover_letter}</p>
      {one.proposed_budget_cents !== null && (
        <p className="text-sm text-muted">Asks {money(one.proposed_budget_cents)} a month</p>
      )}
      <Refusal error={step.error ?? open.error} />
      <div className="flex flex-wrap gap-2">
        {(STEPS[one.status] ?? []).map((to) => (
          <Button
            key={to}
            kind={to === "rejected" ? "danger" : to === "hired" ? "main" : "plain"}
            busy={step.busy}
            onClick={() => void step.run(to)}
          >
            {DEEDS[to]}
          </Button>
        ))}
        {resume !== null && (
          <Button kind="quiet" busy={open.busy} onClick={() => void open.run(resume)}>
            Open the résumé
          </Button>
        )}
        <ButtonLink kind="quiet" href={`/messages/new?to=${one.applicant.id}`}>
          Write
        </ButtonLink>
      </div>
    </Card>
  );
}

export default function Applicants() {
  const id = Number(useParams()["id"]);
  const [stage, setStage] = useState("");
  const job = useResource(`job/${id}`, (signal) =>
    get("/api/v1/jobs/{job_id}", { path: { job_id: id }, signal }),
  );
  const counts = useResource(`application-counts/${id}`, (signal) =>
    get("/api/v1/jobs/{job_id}/applications/counts", { path: { job_id: id }, signal }),
  );
  const list = usePages(`applicants/${id}/${stage}`, (cursor, signal) =>
    get("/api/v1/jobs/{job_id}/applications", {
      path: { job_id: id },
      query: { limit: 20, status: stage || undefined, cursor } as never,
      ...(signal && { signal }),
    }),
  );
  const stepped = (applicationId: number, status: string) => {
    list.change((items) => items.map((one) => (one.id === applicationId ? { ...one, status } : one)));
    counts.reload();
  };
  const tab =
    "min-h-11 rounded-full border border-line px-4 text-sm aria-pressed:border-accent " +
    "aria-pressed:bg-accent-soft aria-pressed:text-accent";
  return (
    <Page
      title="Applicants"
      lead={job.data && <Link href={`/jobs/${id}`} className="text-accent hover:underline">{job.data.title}</Link>}
      actions={<ButtonLink kind="plain" href="/desk">All your jobs</ButtonLink>}
    >
      <div role="group" aria-label="Stage" className="mb-5 flex flex-wrap gap-2">
        <button type="button" aria-pressed={stage === ""} className={tab} onClick={() => setStage("")}>
          All {counts.data?.total}
        </button>
        {STAGES.map((name) => (
          <button key={name} type="button" aria-pressed={stage === name} className={tab} onClick={() => setStage(name)}>
            {wordFor(name)} {counts.data?.by_status[name] ?? ""}
          </button>
        ))}
      </div>
      <PagedList
        resource={list}
        empty={
          <Empty icon="people" title={stage === "" ? "No applicants yet" : "Nobody here"}>
            You are told as soon as someone applies.
          </Empty>
        }
      >
        {(items) => (
          <ul className="grid gap-3">
            {items.map((one) => (
              <li key={one.id}>
                <Applicant one={one} onStep={(status) => stepped(one.id, status)} />
              </li>
            ))}
          </ul>
        )}
      </PagedList>
    </Page>
  );
}
