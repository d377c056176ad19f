// Every request to the API, typed by its document; it keeps the session alive on the way.
import { Problem, problemOf, unreached } from "./problem";
import type { paths } from "./schema";
import { begin, end, exchangeKey, session, type Session } from "./session";
import type { SignedIn } from "./types";

type Method = "get" | "post" | "put" | "patch" | "delete";
type PathsWith<M extends Method> = {
  [P in keyof paths]: paths[P][M] extends { responses: unknown } ? P : never;
}[keyof paths];
type Json<R> = R extends { content: { "application/json": infer T } } ? T : undefined;
type Answer<Op> = Op extends { responses: infer R }
  ? R extends { 200: infer A; 204: unknown }
    ? Json<A> | undefined
    : R extends { 200: infer A }
      ? Json<A>
      : R extends { 201: infer A }
        ? Json<A>
        : R extends { 202: infer A }
          ? Json<A>
          : undefined
  : never;
type Sent<Op> = (Op extends { parameters: { path: infer P } } ? { path: P } : object) &
  (Op extends { parameters: { query?: infer Q } }
    ? [Q] extends [never | undefined]
      ? object
      : { query?: Q }
    : object) &
  (Op extends { requestBody: { content: { "application/json": infer B } } }
    ? { body: B }
    : object) & { signal?: AbortSignal };

/** Before every path of the API, where it is not where the pages are. */
export const BASE: string = import.meta.env.VITE_API_URL ?? "";
const EARLY_MS = 20_000;
/** What the balancer says when the pod that had the request is gone; others can answer. */
const POD_WAS_LOST = 502;
/** How long to wait, on average, before asking a second and a third time. */
const WAITS_MS = [300, 1_000];

interface Loose {
  path?: Record<string, string | number>;
  query?: Record<string, unknown>;
  body?: unknown;
  signal?: AbortSignal;
}

function addressOf(path: string, sent: Loose): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(String(sent.path?.[name])),
  );
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(sent.query ?? {})) {
    if (value !== undefined && value !== null && value !== "") query.set(name, String(value));
  }
  const asked = query.toString();
  return BASE + filled + (asked === "" ? "" : `?${asked}`);
}

async function askOnce(address: string, asked: RequestInit): Promise<Response> {
  try {
    return await fetch(address, asked);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw unreached();
  }
}

/** Whether twice is as good as once: a key tells the board that it was done already. */
function mayRepeat(method: string, body: unknown): boolean {
  const hasKey =
    typeof body === "object" && body !== null && "key" in body && typeof body.key === "string";
  return method === "get" || method === "put" || hasKey;
}

async function ask(method: string, path: string, sent: Loose, access?: string): Promise<Response> {
  const headers: Record<string, string> = { accept: "application/json" };
  if (access !== undefined) headers["authorization"] = `Bearer ${access}`;
  if (sent.body !== undefined) headers["content-type"] = "application/json";
  const asked: RequestInit = { method: method.toUpperCase(), headers };
  if (sent.body !== undefined) asked.body = JSON.stringify(sent.body);
  if (sent.signal !== undefined) asked.signal = sent.signal;
  const address = addressOf(path, sent);
  for (const wait of mayRepeat(method, sent.body) ? WAITS_MS : []) {
    try {
      const answer = await askOnce(address, asked);
      if (answer.status !== POD_WAS_LOST) return answer;
    } catch (error) {
      if (!(error instanceof Problem) || !navigator.onLine) throw error;
    }
    await new Promise((goOn) => setTimeout(goOn, wait * (0.5 + Math.random())));
  }
  return askOnce(address, asked);
}

/** One window at a time: a refresh token used twice would end the session. */
async function alone<T>(work: () => Promise<T>): Promise<T> {
  return "locks" in navigator ? navigator.locks.request("hmb.session", work) : work();
}

/** A session whose access token is another than `known`'s; null when it has ended. */
async function renewed(known: Session): Promise<Session | null> {
  return alone(async () => {
    const present = session();
    if (present === null || present.access !== known.access) return present;
    const answer = await ask("post", "/api/v1/auth/refresh", {
      body: { refresh_token: present.refresh, key: exchangeKey(present) },
    });
    if (answer.ok) begin((await answer.json()) as SignedIn);
    else if (answer.status === 401 || answer.status === 403) end(true);
    else throw await problemOf(answer);
    return session();
  });
}

async function authorised(method: string, path: string, sent: Loose): Promise<Response> {
  let known = session();
  if (known !== null && known.endsAt - EARLY_MS < Date.now()) known = await renewed(known);
  const answer = await ask(method, path, sent, known?.access);
  if (answer.status !== 401 || known === null) return answer;
  const fresh = await renewed(known);
  return fresh === null ? answer : ask(method, path, sent, fresh.access);
}

const SESSION_PATHS = /\/auth\/(login|register|refresh|logout|google)/;

async function answered(method: string, path: string, sent: Loose): Promise<unknown> {
  const answer = await (SESSION_PATHS.test(path) ? ask : authorised)(method, path, sent);
  if (!answer.ok) throw await problemOf(answer);
  return answer.status === 204 ? undefined : answer.json();
}

/** Asks the API in one way; throws `Problem` when it refuses. Its document says what goes and comes. */
type Asks<M extends Method> = <P extends PathsWith<M>>(
  path: P,
  sent: Sent<paths[P][M]>,
) => Promise<Answer<paths[P][M]>>;

function asks(method: Method): unknown {
  return (path: string, sent: Loose) => answered(method, path, sent);
}

export const get = asks("get") as Asks<"get">;
export const post = asks("post") as Asks<"post">;
export const put = asks("put") as Asks<"put">;
export const patch = asks("patch") as Asks<"patch">;
export const remove = asks("delete") as Asks<"delete">;

/** Signs out here at once, and at the board when it can be reached. */
export async function signOut(): Promise<void> {
  const known = session();
  end();
  if (known !== null) {
    await ask("post", "/api/v1/auth/logout", { body: { refresh_token: known.refresh } }).catch(
      () => undefined,
    );
  }
}
