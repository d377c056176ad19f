import { useEffect, useLayoutEffect, useRef, useState } from "react";
import { Link, useLocation } from "wouter";
import { get, post, put } from "../api/client";
import { usePerson } from "../api/session";
import type { Message } from "../api/types";
import { newKey } from "../data/key";
import { useAction } from "../data/use-action";
import { useResource } from "../data/use-resource";
import { date, time } from "../data/words";
import { saysTyping, useLive } from "../live/socket";
import { Button } from "./button";
import { Composer } from "./composer";
import { Portrait, type Pictured } from "./parts";
import { Pending } from "./states";

const AT_ONCE = 50;
const TYPING_SHOWN_MS = 4_000;
const TYPING_SAID_EVERY_MS = 3_000;

function merged(old: Message[], more: Message[]): Message[] {
  const known = new Map([...old, ...more].map((one) => [one.id, one]));
  return [...known.values()].sort((a, b) => a.id - b.id);
}

/** The messages of a conversation, kept up to date. */
function useMessages(id: number) {
  const path = { conversation_id: id };
  const pages = useResource(`messages/${id}`, async (signal) => {
    const page = await get("/api/v1/conversations/{conversation_id}/messages", {
      path,
      query: { limit: AT_ONCE },
      signal,
    });
    return { items: page.items, hasOlder: page.has_more, wholeTo: page.items.at(-1)?.id ?? 0 };
  });
  const last = pages.data?.items.at(-1)?.id ?? 0;
  // Not the last one shown: before one's own message another's may not have come yet.
  const wholeTo = pages.data?.wholeTo ?? 0;
  const first = pages.data?.items[0]?.id;
  const add = (more: Message[]) =>
    pages.change((now) => ({ ...now, items: merged(now.items, more) }));
  const fetchNewer = async () => {
    const page = await get("/api/v1/conversations/{conversation_id}/messages", {
      path,
      query: { after: wholeTo, limit: 100 },
    });
    pages.change((now) => ({
      ...now,
      items: merged(now.items, page.items),
      wholeTo: Math.max(now.wholeTo, page.items.at(-1)?.id ?? 0),
    }));
  };
  const fetchOlder = async () => {
    if (first === undefined) return;
    const page = await get("/api/v1/conversations/{conversation_id}/messages", {
      path,
      query: { before: first, limit: AT_ONCE },
    });
    pages.change((now) => ({
      ...now,
      items: merged(page.items, now.items),
      hasOlder: page.has_more,
    }));
  };
  return { ...pages, last, add, fetchNewer, fetchOlder };
}

function Bubbles({ messages, me, readUpTo }: { messages: Message[]; me: number; readUpTo: number }) {
  const lastRead = messages.filter((one) => one.sender_id === me && one.id <= readUpTo).at(-1)?.id;
  return (
    <ol className="grid gap-2">
      {messages.map((one, index) => {
        const isMine = one.sender_id === me;
        const before = messages[index - 1];
        const newDay = before === undefined || date(before.created_at) !== date(one.created_at);
        return (
          <li key={one.id} className="grid">
            {newDay && <p className="my-2 text-center text-xs text-muted">{date(one.created_at)}</p>}
            <div
              className={`max-w-[80%] rounded-2xl px-4 py-2 break-words whitespace-pre-line ${
                isMine ? "justify-self-end bg-accent text-on-accent" : "justify-self-start bg-sunken"
              }`}
            >
              <span className="sr-only">{isMine ? "You: " : "They: "}</span>
              {one.body}
            </div>
            <p className={`mt-0.5 text-xs text-muted ${isMine ? "justify-self-end" : ""}`}>
              <time dateTime={one.created_at}>{time(one.created_at)}</time>
              {one.id === lastRead && " · Read"}
            </p>
          </li>
        );
      })}
    </ol>
  );
}

function useTyping(id: number, me: number): [boolean, () => void] {
  const [isTyping, setTyping] = useState(false);
  const shown = useRef<ReturnType<typeof setTimeout>>(undefined);
  const said = useRef(0);
  useEffect(() => () => clearTimeout(shown.current), []);
  useLive((frame) => {
    // That one's message was read says nothing of whether the other still writes.
    if (frame.type !== "typing" && frame.type !== "messages") return;
    if (frame.conversation_id !== id) return;
    clearTimeout(shown.current);
    setTyping(frame.type === "typing" && frame.user_id !== me);
    shown.current = setTimeout(() => setTyping(false), TYPING_SHOWN_MS);
  });
  const say = () => {
    if (Date.now() - said.current < TYPING_SAID_EVERY_MS) return;
    said.current = Date.now();
    saysTyping(id);
  };
  return [isTyping, say];
}

export function Thread({ id }: { id: number }) {
  const me = usePerson()?.id ?? 0;
  const path = { conversation_id: id };
  const about = useResource(`conversation/${id}`, (signal) =>
    get("/api/v1/conversations/{conversation_id}", { path, signal }),
  );
  const messages = useMessages(id);
  const [isTyping, sayTyping] = useTyping(id, me);
  const box = useRef<HTMLDivElement>(null);
  const key = useRef(newKey());
  const older = useAction(messages.fetchOlder);
  const send = useAction(async (body: string) => {
    const sent = await post("/api/v1/conversations/{conversation_id}/messages", {
      path,
      body: { body, key: key.current },
    });
    key.current = newKey();
    messages.add([sent]);
  });

  useLive((frame) => {
    const isHere = "conversation_id" in frame && frame.conversation_id === id;
    if (frame.type === "fetch" || (frame.type === "messages" && isHere)) {
      // Told again of what failed to come.
      messages.fetchNewer().catch(() => undefined);
    }
    if (frame.type === "fetch") about.reload();
    if (frame.type === "read" && isHere && frame.user_id !== me) {
      about.change((now) => ({ ...now, other_read_up_to: frame.up_to }));
    }
  });
  useEffect(() => {
    if (messages.last === 0) return;
    const see = () => {
      if (document.visibilityState !== "visible") return;
      put("/api/v1/conversations/{conversation_id}/read", {
        path: { conversation_id: id },
        body: { up_to: messages.last },
      }).catch(() => undefined);
    };
    see();
    document.addEventListener("visibilitychange", see);
    return () => document.removeEventListener("visibilitychange", see);
  }, [id, messages.last]);
  useLayoutEffect(() => {
    if (box.current !== null) box.current.scrollTop = box.current.scrollHeight;
  }, [messages.last]);

  if (messages.data === undefined || about.data === undefined) {
    const error = about.error ?? messages.error;
    return <Pending of={{ error, reload: messages.reload }} />;
  }
  const { other, other_read_up_to } = about.data;
  return (
    <div className="overflow-hidden rounded-2xl border border-line bg-surface">
      <h2 className="flex items-center gap-3 border-b border-line px-4 py-2 text-base">
        <Portrait person={other} className="size-8" />
        <Link href={`/people/${other.id}`} className="hover:underline">
          {other.full_name}
        </Link>
      </h2>
      <div
        ref={box}
        tabIndex={0}
        role="log"
        aria-label={`Messages with ${other.full_name}`}
        className="h-[calc(100dvh-29rem)] min-h-48 overflow-y-auto p-4 sm:h-[55dvh]"
      >
        {messages.data.hasOlder && (
          <p className="mb-3 text-center">
            <Button kind="quiet" busy={older.busy} onClick={() => void older.run()}>
              Show older
            </Button>
          </p>
        )}
        <Bubbles messages={messages.data.items} me={me} readUpTo={other_read_up_to} />
      </div>
      <p aria-live="polite" className="h-6 px-4 text-sm text-muted">
        {isTyping && `${other.full_name} is writing…`}
      </p>
      <Composer busy={send.busy} error={send.error} onSend={send.run} onType={sayTyping} />
    </div>
  );
}

export function FirstMessage({ to }: { to: Pictured }) {
  const [, go] = useLocation();
  const key = useRef(newKey());
  const send = useAction(async (body: string) => {
    const sent = await post("/api/v1/conversations", {
      body: { recipient_id: to.id, body, key: key.current },
    });
    go(`/messages/${sent.conversation_id}`, { replace: true });
  });
  return (
    <div className="overflow-hidden rounded-2xl border border-line bg-surface">
      <h2 className="flex items-center gap-3 px-4 py-2 text-base">
        <Portrait person={to} className="size-8" />
        To {to.full_name}
      </h2>
      <Composer busy={send.busy} error={send.error} onSend={send.run} />
    </div>
  );
}
