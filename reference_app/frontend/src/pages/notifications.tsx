import { useEffect } from "react";
import { Link } from "wouter";
import { get, put } from "../api/client";
import type { Notification } from "../api/types";
import { usePages } from "../data/use-resource";
import { ago } from "../data/words";
import { useLive } from "../live/socket";
import { Page } from "../ui/page";
import { Empty, PagedList } from "../ui/states";

type Told = [words: string, href: string];
type Ids = Record<string, number | string | undefined>;

const TOLD: Record<string, (ids: Ids) => Told> = {
  application_received: (ids) => ["Someone applied for your job.", `/desk/jobs/${ids["job_id"]}`],
  application_status: () => ["There is an answer to your application.", "/applications"],
  message_received: (ids) => ["You have a message.", `/messages/${ids["conversation_id"]}`],
  followed: (ids) => ["Someone follows you.", `/people/${ids["user_id"]}`],
  connection_requested: (ids) => ["Someone wants to connect.", `/people/${ids["user_id"]}`],
  connection_accepted: (ids) => ["You are connected.", `/people/${ids["user_id"]}`],
  post_liked: () => ["Your post is liked.", "/feed"],
  post_commented: () => ["There is a comment on your post.", "/feed"],
  job_expired: () => ["Your job's time is over.", "/desk"],
  search_found: (ids) => ["A job fits your search.", `/jobs/${ids["job_id"]}`],
  member_joined: () => ["Someone joined your team.", "/desk/team"],
  content_hidden: () => ["Something of yours was taken down.", "/profile"],
};

function Row({ one }: { one: Notification }) {
  const [words, href] = TOLD[one.kind]?.(one.data as Ids) ?? ["Something is new.", "/"];
  return (
    <Link
      href={href}
      className={`flex items-center justify-between gap-4 rounded-xl border p-4 hover:border-accent ${
        one.read_at === null ? "border-accent bg-accent-soft" : "border-line bg-surface"
      }`}
    >
      <span className={one.read_at === null ? "font-medium" : ""}>
        {one.read_at === null && <span className="sr-only">New: </span>}
        {words}
      </span>
      <time dateTime={one.created_at} className="shrink-0 text-sm text-muted">
        {ago(one.created_at)}
      </time>
    </Link>
  );
}

export default function Notifications() {
  const list = usePages("notifications", (cursor, signal) =>
    get("/api/v1/notifications", { query: { limit: 30, ...(cursor && { cursor }) }, ...(signal && { signal }) }),
  );
  const newest = list.data?.[0]?.id;
  useLive((frame) => {
    if (frame.type === "notifications" || frame.type === "fetch") list.reload();
  });
  // Shown is seen, but stays marked as long as the page is looked at.
  useEffect(() => {
    if (newest === undefined) return;
    put("/api/v1/notifications/seen", { body: { up_to: newest } }).catch(() => undefined);
  }, [newest]);
  return (
    <Page title="Notifications" narrow>
      <PagedList
        resource={list}
        empty={<Empty icon="bell" title="Nothing new">You are told here when something happens.</Empty>}
      >
        {(items) => (
          <ul className="grid gap-2">
            {items.map((one) => (
              <li key={one.id}>
                <Row one={one} />
              </li>
            ))}
          </ul>
        )}
      </PagedList>
    </Page>
  );
}
