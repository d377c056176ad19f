import { useState } from "react";
import { remove } from "../api/client";
import type { Profile, Upload } from "../api/types";
import { fetchFile, PAPERS, PICTURES, sendFile, useOwnFiles } from "../data/uploads";
import { useAction } from "../data/use-action";
import { date, fileSize } from "../data/words";
import { Button, FileButton } from "./button";
import { Portrait } from "./parts";
import { Removable } from "./removable";
import { Failed, Refusal } from "./states";

/** One's picture: chosen, changed, taken away. */
export function OwnPicture({
  profile,
  onChange,
}: {
  profile: Profile;
  onChange: (avatarId: number | null) => void;
}) {
  const [said, say] = useState("");
  const { avatar_id: avatar } = profile;
  const send = useAction(async (file: File) => {
    onChange((await sendFile("avatar", file)).id);
    say("Your picture is there.");
  });
  const take = useAction(async (id: number) => {
    await remove("/api/v1/uploads/{upload_id}", { path: { upload_id: id } });
    onChange(null);
    say("Your picture is gone.");
  });
  return (
    <section aria-label="Picture" className="grid gap-3">
      <div className="flex flex-wrap items-center gap-4">
        <Portrait person={profile} className="size-20" />
        <div className="grid gap-2">
          <div className="flex flex-wrap gap-2">
            <FileButton accept={PICTURES} busy={send.busy} onPick={send.run}>
              {avatar === null ? "Add a picture" : "Change the picture"}
            </FileButton>
            {avatar !== null && (
              <Button kind="danger" busy={take.busy} onClick={() => void take.run(avatar)}>
                Remove it
              </Button>
            )}
          </div>
          <p className="text-sm text-muted">JPEG, PNG or WebP, up to 5 MB. Everyone sees it.</p>
        </div>
      </div>
      <p role="status" className="sr-only">
        {said}
      </p>
      <Refusal error={send.error ?? take.error} />
    </section>
  );
}

const KINDS = {
  resume: {
    title: "Résumés",
    lead: "PDF or DOCX, up to 10 MB. Only employers to whom you send one with an application see it.",
    add: "Add a résumé",
    accept: PAPERS,
  },
  portfolio: {
    title: "Portfolio",
    lead: "Pictures or PDF of your work, up to 50 MB each. Everyone who is signed in sees them on your page.",
    add: "Add to the portfolio",
    accept: `${PICTURES},.pdf`,
  },
} as const;

function FileRow({ file, onRemove }: { file: Upload; onRemove: () => Promise<unknown> }) {
  const open = useAction(() => fetchFile(file.id));
  return (
    <Removable
      name={file.file_name}
      note={`${fileSize(file.size_bytes)}, ${date(file.created_at)}`}
      deed="Delete"
      spoken={`Delete ${file.file_name}`}
      onRemove={onRemove}
      error={open.error}
      beside={
        <Button kind="quiet" busy={open.busy} aria-label={`Open ${file.file_name}`} onClick={() => void open.run()}>
          Open
        </Button>
      }
    />
  );
}

/** One's files of a kind: seen, added, taken away. */
export function OwnFiles({ kind }: { kind: keyof typeof KINDS }) {
  const { title, lead, add, accept } = KINDS[kind];
  const [said, say] = useState("");
  const { files, send } = useOwnFiles(kind, (sent) => say(`${sent.file_name} is there.`));
  const take = async (file: Upload) => {
    await remove("/api/v1/uploads/{upload_id}", { path: { upload_id: file.id } });
    files.change((now) => now.filter((one) => one.id !== file.id));
    say(`${file.file_name} is gone.`);
  };
  return (
    <section aria-labelledby={`own-${kind}`} className="grid gap-3">
      <h2 id={`own-${kind}`} className="text-xl">
        {title}
      </h2>
      <p className="text-sm text-muted">{lead}</p>
      {files.data === undefined && files.error !== null && (
        <Failed error={files.error} retry={files.reload} />
      )}
      {files.data !== undefined && files.data.length > 0 && (
        <ul className="divide-y divide-line">
          {files.data.map((file) => (
            <FileRow key={file.id} file={file} onRemove={() => take(file)} />
          ))}
        </ul>
      )}
      <p role="status" className="sr-only">
        {said}
      </p>
      <Refusal error={send.error} />
      <div>
        <FileButton accept={accept} busy={send.busy} onPick={send.run}>
          {send.busy ? "Sending…" : add}
        </FileButton>
      </div>
    </section>
  );
}
