// One WebSocket for whoever is signed in: it says that something is new, and pages fetch it.
import { useEffect, useRef } from "react";
import { post } from "../api/client";
import { Problem } from "../api/problem";
import { onChange, session } from "../api/session";

export type Frame =
  | { type: "messages"; conversation_id: number; up_to: number }
  | { type: "read"; conversation_id: number; user_id: number; up_to: number }
  | { type: "typing"; conversation_id: number; user_id: number }
  | { type: "notifications"; up_to: number }
  /** Something may have been missed: fetch what is shown. */
  | { type: "fetch" };

type Inbound =
  | Exclude<Frame, { type: "fetch" }>
  | { type: "fetch"; within_ms: number }
  | { type: "ping" }
  | { type: "degraded" }
  | { type: "closing"; reconnect_after_ms: number };

/** Said by the board to who must not come back: see the ticket's route in the API. */
const FOR_GOOD = new Set([1003, 1009, 4009, 4029]);
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 60_000;
const ASK_EVERY_MS = 20_000;

const listeners = new Set<(frame: Frame) => void>();
let socket: WebSocket | null = null;
let whose: number | null = null;
let failures = 0;
let returnAfterMs: number | null = null;
let timer: ReturnType<typeof setTimeout> | undefined;
let asking: ReturnType<typeof setInterval> | undefined;

function tell(frame: Frame): void {
  listeners.forEach((listener) => listener(frame));
}

/** While the board cannot tell, pages ask from time to time. */
function ask(from: boolean): void {
  clearInterval(asking);
  asking = from ? setInterval(() => tell({ type: "fetch" }), ASK_EVERY_MS) : undefined;
}

function heard(text: string): void {
  const frame = JSON.parse(text) as Inbound;
  if (frame.type === "ping") socket?.send('{"type":"pong"}');
  else if (frame.type === "degraded") ask(true);
  else if (frame.type === "closing") returnAfterMs = frame.reconnect_after_ms;
  else if (frame.type === "fetch") {
    ask(false);
    setTimeout(() => tell({ type: "fetch" }), Math.random() * frame.within_ms);
  } else tell(frame);
}

function address(): string {
  const base = new URL(import.meta.env.VITE_API_URL || location.origin, location.href);
  return `${base.protocol === "https:" ? "wss" : "ws"}://${base.host}/ws`;
}

function later(): void {
  failures += 1;
  const longest = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(failures, 8));
  const wait = returnAfterMs ?? longest / 2 + (Math.random() * longest) / 2;
  returnAfterMs = null;
  clearTimeout(timer);
  timer = setTimeout(() => void open(), wait);
  ask(true);
}

async function open(): Promise<void> {
  const person = session()?.person.id ?? null;
  if (person === null || socket !== null) return;
  let ticket: { protocol: string; ticket: string };
  try {
    ticket = await post("/api/v1/realtime/ticket", {});
  } catch (error) {
    if (!(error instanceof Problem) || error.status !== 401) later();
    return;
  }
  if (session()?.person.id !== person || socket !== null) return;
  const opened = new WebSocket(address(), [ticket.protocol, ticket.ticket]);
  socket = opened;
  opened.onopen = () => {
    failures = 0;
  };
  opened.onmessage = (event) => heard(String(event.data));
  opened.onclose = (event) => {
    if (socket !== opened) return;
    socket = null;
    if (session() !== null && !FOR_GOOD.has(event.code)) later();
    else ask(session() !== null);
  };
}

function follow(): void {
  const person = session()?.person.id ?? null;
  if (person === whose) return;
  whose = person;
  failures = 0;
  clearTimeout(timer);
  ask(false);
  const last = socket;
  socket = null;
  last?.close();
  void open();
}

/** From now on there is a socket whenever someone is signed in. */
export function goLive(): void {
  onChange(follow);
  addEventListener("online", () => {
    clearTimeout(timer);
    void open();
  });
  follow();
}

export function saysTyping(conversationId: number): void {
  if (socket?.readyState === WebSocket.OPEN) {
    socket.send(JSON.stringify({ type: "typing", conversation_id: conversationId }));
  }
}

/** `hear` is told of everything new, as long as the page is there. */
export function useLive(hear: (frame: Frame) => void): void {
  const present = useRef(hear);
  present.current = hear;
  useEffect(() => {
    const listener = (frame: Frame) => present.current(frame);
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  }, []);
}
