// A file's way: announced to the API, sent straight to the store, confirmed, fetched again.
import { get, post, remove } from "../api/client";
import { Problem } from "../api/problem";
import type { Upload, UploadKind } from "../api/types";
import { useAction, type Action } from "./use-action";
import { useResource, type Resource } from "./use-resource";

/** By how names end, as reference_app/uploads/kinds.toml has them: not every system knows types. */
const TYPES: Record<string, string> = {
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  png: "image/png",
  webp: "image/webp",
  pdf: "application/pdf",
  docx: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
};
export const PICTURES = ".jpg,.jpeg,.png,.webp";
export const PAPERS = ".pdf,.docx";
const LONGEST_NAME = 120;
/** Nobody has more of one kind. */
const MOST_OWN = 50;

function typeOf(name: string): string {
  return TYPES[name.toLowerCase().split(".").at(-1) ?? ""] ?? "application/octet-stream";
}

async function store(url: string, headers: Record<string, string>, file: File): Promise<void> {
  const answer = await fetch(url, { method: "PUT", headers, body: file }).catch(() => null);
  if (answer?.ok !== true) {
    throw new Problem(answer?.status ?? 0, "not_stored", "The file has not arrived. Send it again.");
  }
}

/** Sends a file; one that does not arrive is not kept as announced either. */
export async function sendFile(kind: UploadKind, file: File): Promise<Upload> {
  const name = file.name.replace(/[/\\:*?"<>|]/g, "-").slice(-LONGEST_NAME);
  const { upload, put } = await post("/api/v1/uploads", {
    body: { kind, file_name: name, content_type: typeOf(name), size_bytes: file.size },
  });
  const path = { upload_id: upload.id };
  try {
    await store(put.url, put.headers, file);
    return await post("/api/v1/uploads/{upload_id}/confirm", { path });
  } catch (refused) {
    await remove("/api/v1/uploads/{upload_id}", { path }).catch(() => undefined);
    throw refused;
  }
}

/** Where to fetch a file: the address is good for some minutes. */
export async function addressOfFile(id: number, signal?: AbortSignal): Promise<string> {
  const asked = { path: { upload_id: id }, ...(signal && { signal }) };
  return (await get("/api/v1/uploads/{upload_id}/link", asked)).url;
}

/** Has the browser fetch a file. */
export async function fetchFile(id: number): Promise<void> {
  location.assign(await addressOfFile(id));
}

export interface OwnFiles {
  files: Resource<Upload[]>;
  send: Action<[File]>;
}

/** One's own files of a kind, the newest first. */
export function useOwnFiles(kind: UploadKind, onSent?: (sent: Upload) => void): OwnFiles {
  const files = useResource(`own-files/${kind}`, async (signal) => {
    const page = await get("/api/v1/uploads", { query: { kind, limit: MOST_OWN }, signal });
    return page.items.filter((one) => one.confirmed_at !== null);
  });
  const send = useAction(async (file: File) => {
    const sent = await sendFile(kind, file);
    files.change((now) => [sent, ...now]);
    onSent?.(sent);
  });
  return { files, send };
}
