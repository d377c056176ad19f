import { useState } from "react";
import { get, put, remove } from "../api/client";
import { useAction } from "../data/use-action";
import { useResource } from "../data/use-resource";
import { Button } from "./button";
import { Icon } from "./icons";

const LOOKED_THROUGH = 100;

/** Keeps a job, or no longer. */
export function SaveButton({ id }: { id: number }) {
  const saved = useResource("saved-ids", async (signal) => {
    const page = await get("/api/v1/jobs/saved", { query: { limit: LOOKED_THROUGH }, signal });
    return page.items.map((job) => job.id);
  });
  const [changed, setChanged] = useState<boolean | null>(null);
  const isSaved = changed ?? saved.data?.includes(id) ?? false;
  const turn = useAction(async () => {
    const path = { job_id: id };
    if (isSaved) await remove("/api/v1/jobs/{job_id}/save", { path });
    else await put("/api/v1/jobs/{job_id}/save", { path });
    setChanged(!isSaved);
    saved.reload();
  });
  return (
    <Button kind="plain" aria-pressed={isSaved} busy={turn.busy} onClick={() => void turn.run()}>
      <Icon name="bookmark" className={`size-4 ${isSaved ? "fill-current text-accent" : ""}`} />
      {isSaved ? "Saved" : "Save"}
    </Button>
  );
}
