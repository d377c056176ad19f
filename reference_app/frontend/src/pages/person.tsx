import { useParams } from "wouter";
import { get, post, put, remove } from "../api/client";
import { usePerson } from "../api/session";
import { WORKERS } from "../data/reviews";
import { useAction } from "../data/use-action";
import { useResource } from "../data/use-resource";
import { counted, date, islandName } from "../data/words";
import { Button, ButtonLink } from "../ui/button";
import { Page } from "../ui/page";
import { Badge, Card, Portrait, Prose } from "../ui/parts";
import { Portfolio } from "../ui/portfolio";
import { Reviews } from "../ui/reviews";
import { Pending, Refusal } from "../ui/states";

function Relations({ id }: { id: number }) {
  const relation = useResource(`relation/${id}`, (signal) =>
    get("/api/v1/users/{user_id}/relation", { path: { user_id: id }, signal }),
  );
  const now = relation.data;
  const follow = useAction(async () => {
    const path = { user_id: id };
    if (now?.follows === true) await remove("/api/v1/users/{user_id}/follow", { path });
    else await put("/api/v1/users/{user_id}/follow", { path });
    relation.change((one) => ({ ...one, follows: !one.follows }));
  });
  const connect = useAction(async () => {
    const waits = now?.connection_status === "pending" && now.asked_by_me === false;
    if (waits && now.connection_id !== null) {
      const path = { connection_id: now.connection_id };
      await post("/api/v1/connections/{connection_id}/accept", { path });
    } else {
      await post("/api/v1/connections", { body: { user_id: id } });
    }
    relation.reload();
  });
  if (now === undefined) return null;
  const isAsked = now.connection_status === "pending";
  return (
    <>
      <Button kind="plain" aria-pressed={now.follows} busy={follow.busy} onClick={() => void follow.run()}>
        {now.follows ? "Following" : "Follow"}
      </Button>
      {now.connection_status !== "accepted" && (
        <Button
          kind="plain"
          busy={connect.busy}
          disabled={isAsked && now.asked_by_me === true}
          onClick={() => void connect.run()}
        >
          {!isAsked ? "Connect" : now.asked_by_me === true ? "Asked" : "Accept"}
        </Button>
      )}
      <Refusal error={follow.error ?? connect.error} />
    </>
  );
}

export default function PersonPage() {
  const id = Number(useParams()["id"]);
  const me = usePerson();
  const person = useResource(`person/${id}`, (signal) =>
    get("/api/v1/users/{user_id}", { path: { user_id: id }, signal }),
  );
  const audience = useResource(`audience/${id}`, (signal) =>
    get("/api/v1/users/{user_id}/audience", { path: { user_id: id }, signal }),
  );
  const rating = useResource(`rating/worker/${id}`, (signal) => WORKERS.rating(id, signal));
  const shown = person.data;
  if (shown === undefined) {
    return (
      <Page title="Person" heading={<span className="sr-only">Person</span>} narrow>
        <Pending of={person} />
      </Page>
    );
  }
  return (
    <Page
      key={id}
      title={shown.full_name}
      narrow
      lead={[shown.headline, shown.island && islandName(shown.island)].filter(Boolean).join(" · ")}
    >
      <Card className="grid gap-5">
        {shown.avatar_id !== null && <Portrait person={shown} className="size-24" />}
        {(shown.available_for_hire || shown.skills.length > 0) && (
          <p className="flex flex-wrap gap-2">
            {shown.available_for_hire && <Badge tone="accent">Available for hire</Badge>}
            {shown.skills.map((skill) => (
              <Badge key={skill}>{skill}</Badge>
            ))}
          </p>
        )}
        {shown.bio === "" ? <p className="text-muted">Nothing written yet.</p> : <Prose text={shown.bio} />}
        <p className="text-sm text-muted">
          {audience.data !== undefined && `${counted(audience.data.followers, "follower")} · ${counted(audience.data.connections, "connection")} · `}
          Here since {date(shown.created_at)}
        </p>
        {me !== null && me.id !== id && (
          <div className="flex flex-wrap gap-3">
            <ButtonLink href={`/messages/new?to=${id}`}>Write</ButtonLink>
            <Relations id={id} />
          </div>
        )}
      </Card>
      {shown.role === "seeker" && (
        <div className="mt-10 grid gap-10">
          <Portfolio of={id} />
          <Reviews of={WORKERS} id={id} rating={rating} mayWrite={me?.role === "employer"} />
        </div>
      )}
    </Page>
  );
}
