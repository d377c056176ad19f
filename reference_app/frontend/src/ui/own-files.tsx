import { useState } from "react";
import { remove } from "../api/client";
import type { Profile, Upload } from "../api/types";
import { fetchFile, PAPERS, PICTURES, sendFile, useResumes } from "../data/uploads";
import { useAction } from "../data/use-action";
import { date, fileSize } from "../data/words";
import { Button, FileButton } from "./button";
import { Portrait } from "./parts";
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

function ResumeRow({ file, onGone }: { file: Upload; onGone: () => void }) {
  const open = useAction(() => fetchFile(file.id));
  const drop = useAction(async () => {
    await remove("/api/v1/uploads/{upload_id}", { path: { upload_id: file.id } });
    onGone();
  });
  return (
    <li className="grid gap-2 py-3">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <p className="min-w-0">
          <span className="block truncate font-medium">{file.file_name}</span>
          <span className="text-sm text-muted">
            {fileSize(file.size_bytes)}, {date(file.created_at)}
          </span>
        </p>
        <div className="flex gap-2">
          <Button kind="quiet" busy={open.busy} aria-label={`Open ${file.file_name}`} onClick={() => void open.run()}>
            Open
          </Button>
          <Button kind="danger" busy={drop.busy} aria-label={`Delete ${file.file_name}`} onClick={() => void drop.run()}>
            Delete
          </Button>
        </div>
      </div>
      <Refusal error={open.error ?? drop.error} />
    </li>
  );
}

/** One's résumés, to send with applications. */
export function OwnResumes() {
  const [said, say] = useState("");
  const { files, send } = useResumes((sent) => say(`${sent.file_name} is there.`));
  const gone = (file: Upload) => {
    files.change((now) => now.filter((one) => one.id !== file.id));
    say(`${file.file_name} is gone.`);
  };
  return (
    <section aria-labelledby="resumes" className="grid gap-3">
      <h2 id="resumes" className="text-xl">
        Résumés
      </h2>
      <p className="text-sm text-muted">
        PDF or DOCX, up to 10 MB. Only employers to whom you send one with an application see it.
      </p>
      {files.data === undefined && files.error !== null && (
        <Failed error={files.error} retry={files.reload} />
      )}
      {files.data !== undefined && files.data.length > 0 && (
        <ul className="divide-y divide-line">
          {files.data.map((file) => (
            <ResumeRow key={file.id} file={file} onGone={() => gone(file)} />
          ))}
        </ul>
      )}
      <p role="status" className="sr-only">
        {said}
      </p>
      <Refusal error={send.error} />
      <div>
        <FileButton accept={PAPERS} busy={send.busy} onPick={send.run}>
          Add a résumé
        </FileButton>
      </div>
    </section>
  );
}
