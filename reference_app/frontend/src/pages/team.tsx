import { get } from "../api/client";
import { usePerson } from "../api/session";
import type { Invitation, Member, Membership } from "../api/types";
import { useQuery, useSetQuery } from "../data/going";
import { useResource } from "../data/use-resource";
import { counted, number } from "../data/words";
import { ButtonLink } from "../ui/button";
import { Select } from "../ui/fields";
import { Invitations } from "../ui/invitations";
import { MemberCard } from "../ui/members";
import { Page } from "../ui/page";
import { Empty, Failed, Pending } from "../ui/states";

const MOST = 100;

/** A company's team in the eyes of one of it; its owner sees who is invited as well. */
function CompanyTeam({ membership, onLeave }: { membership: Membership; onLeave: () => void }) {
  const me = usePerson();
  const isOwner = membership.role === "owner";
  const { id } = membership.company;
  const asked = { path: { company_id: id }, query: { limit: MOST } };
  const team = useResource(`team/${id}`, (signal) =>
    get("/api/v1/companies/{company_id}/members", { ...asked, signal }),
  );
  const waiting = useResource(isOwner ? `invitations/${id}` : null, (signal) =>
    get("/api/v1/companies/{company_id}/invitations", { ...asked, signal }),
  );
  if (team.data === undefined) {
    return <Pending of={team} />;
  }
  const { items, seats, taken } = team.data;
  const changed = (next: Member) =>
    team.change((now) => ({
      ...now,
      items: now.items.map((one) => (one.user.id === next.user.id ? next : one)),
    }));
  const gone = (member: Member) => (member.user.id === me?.id ? onLeave() : team.reload());
  const invited = (turn: (now: Invitation[]) => Invitation[]) => {
    waiting.change((now) => ({ ...now, items: turn(now.items) }));
    // A seat is promised, or free again.
    team.reload();
  };
  return (
    <>
      <section aria-labelledby="members" className="grid gap-3">
        <h2 id="members" className="text-xl">
          {counted(items.length, "member")} besides the owner
        </h2>
        <p className="text-muted">
          {seats === null
            ? `${counted(taken, "seat")} taken, no limit.`
            : `${number(taken)} of ${counted(seats, "seat")} taken, invitations among them.`}
        </p>
        <ul className="grid gap-3">
          {items.map((member) => (
            <li key={member.user.id}>
              <MemberCard
                member={member}
                company={id}
                isOwner={isOwner}
                isMe={member.user.id === me?.id}
                onRole={changed}
                onGone={() => gone(member)}
              />
            </li>
          ))}
        </ul>
      </section>
      {isOwner && waiting.error !== null && <Failed error={waiting.error} retry={waiting.reload} />}
      {isOwner && waiting.data !== undefined && (
        <Invitations
          company={id}
          waiting={waiting.data.items}
          onSent={(one) => invited((now) => [one, ...now])}
          onGone={(one) => invited((now) => now.filter((other) => other.id !== one.id))}
        />
      )}
    </>
  );
}

export default function Team() {
  const query = useQuery();
  const set = useSetQuery();
  const own = useResource("own-companies", (signal) =>
    get("/api/v1/companies/mine", { query: { limit: MOST }, signal }),
  );
  const companies = own.data?.items;
  const asked = query.get("company");
  const shown = companies?.find(({ company }) => String(company.id) === asked) ?? companies?.[0];
  return (
    <Page
      title="Team"
      narrow
      lead={shown !== undefined && `Who acts for ${shown.company.name}.`}
      actions={
        <ButtonLink kind="plain" href="/desk">
          Employer desk
        </ButtonLink>
      }
    >
      {companies === undefined ? (
        <Pending of={own} />
      ) : shown === undefined ? (
        <Empty icon="people" title="No company yet" action={<ButtonLink href="/desk/new">Post a job</ButtonLink>}>
          A company comes with its first job; then others can act for it as well.
        </Empty>
      ) : (
        <div className="grid gap-8">
          {companies.length > 1 && (
            <Select
              label="Company"
              value={String(shown.company.id)}
              onChange={(event) => set({ company: event.target.value })}
              choices={companies.map(({ company }) => ({ value: String(company.id), name: company.name }))}
            />
          )}
          <CompanyTeam key={shown.company.id} membership={shown} onLeave={own.reload} />
        </div>
      )}
    </Page>
  );
}
