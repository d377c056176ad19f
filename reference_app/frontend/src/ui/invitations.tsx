import { post, remove } from "../api/client";
import type { Invitation, MemberRole } from "../api/types";
import { useAction } from "../data/use-action";
import { date, wordFor } from "../data/words";
import { Button } from "./button";
import { Select, TextField } from "./fields";
import { Form } from "./form";
import { ROLES } from "./members";
import { Card } from "./parts";
import { Refusal } from "./states";

function Row({
  one,
  company,
  onGone,
}: {
  one: Invitation;
  company: number;
  onGone: () => void;
}) {
  const revoke = useAction(async () => {
    const path = { company_id: company, invitation_id: one.id };
    await remove("/api/v1/companies/{company_id}/invitations/{invitation_id}", { path });
    onGone();
  });
  return (
    <li className="grid gap-2 py-3">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <p className="min-w-0">
          <span className="block truncate font-medium">{one.email}</span>
          <span className="text-sm text-muted">
            {wordFor(one.role)}, good until {date(one.expires_at)}
          </span>
        </p>
        <Button
          kind="danger"
          busy={revoke.busy}
          aria-label={`Take the invitation of ${one.email} back`}
          onClick={() => void revoke.run()}
        >
          Take it back
        </Button>
      </div>
      <Refusal error={revoke.error} />
    </li>
  );
}

/** Who is asked to join, and asking someone; for the owner. */
export function Invitations({
  company,
  waiting,
  onSent,
  onGone,
}: {
  company: number;
  waiting: Invitation[];
  onSent: (one: Invitation) => void;
  onGone: (one: Invitation) => void;
}) {
  const invite = useAction(async (held: Record<string, string>, form: HTMLFormElement) => {
    const body = { email: held["email"] ?? "", role: held["role"] as MemberRole };
    onSent(await post("/api/v1/companies/{company_id}/invitations", { path: { company_id: company }, body }));
    form.reset();
  });
  return (
    <Card className="grid gap-5">
      <h2 className="text-xl">Invite someone</h2>
      <Form label="Send the invitation" busy={invite.busy} error={invite.error} onSend={invite.run}>
        <TextField
          label="Email"
          name="email"
          type="email"
          required
          maxLength={254}
          hint="They join with an employer's account of this address."
        />
        <Select label="Role" name="role" choices={ROLES} />
      </Form>
      {waiting.length > 0 && (
        <section aria-labelledby="waiting">
          <h3 id="waiting" className="font-medium">
            Not answered yet
          </h3>
          <ul className="divide-y divide-line">
            {waiting.map((one) => (
              <Row key={one.id} one={one} company={company} onGone={() => onGone(one)} />
            ))}
          </ul>
        </section>
      )}
    </Card>
  );
}
