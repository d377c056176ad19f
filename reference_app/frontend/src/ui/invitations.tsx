import { post, remove } from "../api/client";
import type { Invitation, MemberRole } from "../api/types";
import { useAction } from "../data/use-action";
import { date, wordFor } from "../data/words";
import { Select, TextField } from "./fields";
import { Form } from "./form";
import { ROLES } from "./members";
import { Card } from "./parts";
import { Removable } from "./removable";

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
  const revoke = async (one: Invitation) => {
    const path = { company_id: company, invitation_id: one.id };
    await remove("/api/v1/companies/{company_id}/invitations/{invitation_id}", { path });
    onGone(one);
  };
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
              <Removable
                key={one.id}
                name={one.email}
                note={`${wordFor(one.role)}, good until ${date(one.expires_at)}`}
                deed="Take it back"
                spoken={`Take the invitation of ${one.email} back`}
                onRemove={() => revoke(one)}
              />
            ))}
          </ul>
        </section>
      )}
    </Card>
  );
}
