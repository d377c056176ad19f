import { Link, Redirect, useParams } from "wouter";
import { get } from "../api/client";
import type { Conversation } from "../api/types";
import { useQuery } from "../data/going";
import { usePages, useResource } from "../data/use-resource";
import { ago } from "../data/words";
import { useLive } from "../live/socket";
import { ButtonLink } from "../ui/button";
import { Page } from "../ui/page";
import { Portrait } from "../ui/parts";
import { Empty, PagedList, Pending } from "../ui/states";
import { FirstMessage, Thread } from "../ui/thread";

function ConversationLink({ one, isOpen }: { one: Conversation; isOpen: boolean }) {
  return (
    <Link
      href={`/messages/${one.id}`}
      aria-current={isOpen ? "true" : undefined}
      className="flex gap-3 rounded-xl p-3 hover:bg-sunken aria-[current]:bg-accent-soft"
    >
      <Portrait person={one.other} />
      <span className="grid min-w-0 grow">
        <span className="flex justify-between gap-2">
          <span className={`truncate ${one.unread > 0 ? "font-semibold" : "font-medium"}`}>
            {one.other.full_name}
          </span>
          <time dateTime={one.last_message.created_at} className="shrink-0 text-xs text-muted">
            {ago(one.last_message.created_at)}
          </time>
        </span>
        <span className="flex items-center justify-between gap-2">
          <span className="truncate text-sm text-muted">{one.last_message.excerpt}</span>
          {one.unread > 0 && (
            <span className="rounded-full bg-accent px-2 text-xs font-medium text-on-accent">
              <span className="sr-only">unread: </span>
              {one.unread}
            </span>
          )}
        </span>
      </span>
    </Link>
  );
}

/** Someone to write to: an old conversation with them, or a first message. */
function Opening({ to, known }: { to: number; known: Conversation[] | undefined }) {
  const person = useResource(`person/${to}`, (signal) =>
    get("/api/v1/users/{user_id}", { path: { user_id: to }, signal }),
  );
  const old = known?.find((one) => one.other.id === to);
  if (old !== undefined) return <Redirect to={`/messages/${old.id}`} replace />;
  if (person.data === undefined) {
    return <Pending of={person} rows={2} />;
  }
  return <FirstMessage to={person.data} />;
}

export default function Messages() {
  const given = useParams()["id"];
  const to = Number(useQuery().get("to"));
  const id = given === undefined || given === "new" ? null : Number(given);
  const list = usePages("conversations", (cursor, signal) =>
    get("/api/v1/conversations", { query: { limit: 30, ...(cursor && { cursor }) }, ...(signal && { signal }) }),
  );
  useLive((frame) => {
    if (["messages", "read", "fetch"].includes(frame.type)) list.reload();
  });
  const isAtOne = given !== undefined;
  return (
    <Page title="Messages" actions={isAtOne && <span className="lg:hidden"><ButtonLink kind="quiet" href="/messages">All</ButtonLink></span>}>
      <div className="grid items-start gap-6 lg:grid-cols-[20rem_minmax(0,1fr)]">
        <section aria-label="Conversations" className={isAtOne ? "max-lg:hidden" : ""}>
          <PagedList
            resource={list}
            empty={<Empty icon="chat" title="No messages yet">Write to someone from their profile or a job.</Empty>}
          >
            {(items) => (
              <ul className="grid grid-cols-[minmax(0,1fr)] gap-1">
                {items.map((one) => (
                  <li key={one.id}>
                    <ConversationLink one={one} isOpen={one.id === id} />
                  </li>
                ))}
              </ul>
            )}
          </PagedList>
        </section>
        <section aria-label="Conversation" className={isAtOne ? "" : "max-lg:hidden"}>
          {id !== null ? (
            <Thread key={id} id={id} />
          ) : to > 0 ? (
            <Opening to={to} known={list.data} />
          ) : (
            list.data !== undefined && list.data.length > 0 && <Empty icon="chat" title="Choose a conversation" />
          )}
        </section>
      </div>
    </Page>
  );
}
