// How much a person has not seen yet, as the tabs show it.
import { useEffect, useRef } from "react";
import { get } from "../api/client";
import { useResource } from "../data/use-resource";
import { useLive } from "./socket";

const REST_MS = 400;

export interface Unread {
  messages: number;
  notifications: number;
}

export function useUnread(personId: number | null): Unread {
  const unread = useResource(personId === null ? null : `unread/${personId}`, async (signal) => {
    const [messages, notifications] = await Promise.all([
      get("/api/v1/conversations/unread", { signal }),
      get("/api/v1/notifications/unread", { signal }),
    ]);
    return { messages: messages.messages, notifications: notifications.unread };
  });
  const rest = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(rest.current), []);
  useLive((frame) => {
    if (frame.type === "typing") return;
    // Several frames may tell of one thing.
    clearTimeout(rest.current);
    rest.current = setTimeout(unread.reload, REST_MS);
  });
  return unread.data ?? { messages: 0, notifications: 0 };
}
