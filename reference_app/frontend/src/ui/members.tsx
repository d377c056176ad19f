import { Link } from "wouter";
import { patch, remove } from "../api/client";
import type { Member, MemberRole } from "../api/types";
import { useAction } from "../data/use-action";
import { date } from "../data/words";
import { Button } from "./button";
import { Select } from "./fields";
import { Badge, Card, Portrait } from "./parts";
import { Refusal } from "./states";

export const ROLES: { value: MemberRole; name: string }[] = [
  { value: "recruiter", name: "Recruiter: jobs and applicants" },
  { value: "manager", name: "Manager: the company's page as well" },
];

/** One of a team; its owner may change the role and remove anyone, everyone may leave. */
export function MemberCard({
  member,
  company,
  isOwner,
  isMe,
  onRole,
  onGone,
}: {
  member: Member;
  company: number;
  isOwner: boolean;
  isMe: boolean;
  onRole: (next: Member) => void;
  onGone: () => void;
}) {
  const { user } = member;
  const path = { company_id: company, user_id: user.id };
  const change = useAction(async (role: MemberRole) =>
    onRole(await patch("/api/v1/companies/{company_id}/members/{user_id}", { path, body: { role } })),
  );
  const end = useAction(async () => {
    await remove("/api/v1/companies/{company_id}/members/{user_id}", { path });
    onGone();
  });
  return (
    <Card className="grid gap-4">
      <div className="flex flex-wrap items-start justify-between gap-3">
        <div className="flex min-w-0 gap-3">
          <Portrait person={user} />
          <div className="min-w-0">
            <h3 className="text-lg">
              <Link href={`/people/${user.id}`} className="hover:underline">
                {user.full_name}
              </Link>
            </h3>
            <p className="text-sm text-muted">Since {date(member.joined_at)}</p>
          </div>
        </div>
        <div className="flex flex-wrap items-center gap-2">
          {!member.has_seat && <Badge tone="warn">No seat</Badge>}
          {(isOwner || isMe) && (
            <Button
              kind="danger"
              busy={end.busy}
              aria-label={isMe ? "Leave the team" : `Remove ${user.full_name}`}
              onClick={() => void end.run()}
            >
              {isMe ? "Leave the team" : "Remove"}
            </Button>
          )}
        </div>
      </div>
      {isOwner ? (
        <Select
          label={`Role of ${user.full_name}`}
          value={member.role}
          onChange={(event) => void change.run(event.target.value as MemberRole)}
          choices={ROLES}
        />
      ) : (
        <p className="text-sm text-muted">{ROLES.find(({ value }) => value === member.role)?.name}</p>
      )}
      <Refusal error={change.error ?? end.error} />
    </Card>
  );
}
