import { get, post } from "../api/client";
import { newKey } from "../data/key";
import { useAction } from "../data/use-action";
import { usePages } from "../data/use-resource";
import { ago } from "../data/words";
import { TextField } from "./fields";
import { Form } from "./form";
import { Portrait } from "./parts";
import { PagedList } from "./states";

export function Comments({ postId, onAdded }: { postId: number; onAdded: () => void }) {
  const path = { post_id: postId };
  const list = usePages(`comments/${postId}`, (cursor, signal) =>
    get("/api/v1/posts/{post_id}/comments", {
      path,
      query: { limit: 20, ...(cursor && { cursor }) },
      ...(signal && { signal }),
    }),
  );
  const add = useAction(async (held: Record<string, string>, form: HTMLFormElement) => {
    const body = { body: held["body"] ?? "", key: newKey() };
    await post("/api/v1/posts/{post_id}/comments", { path, body });
    form.reset();
    list.reload();
    onAdded();
  });
  return (
    <div className="grid gap-4 border-t border-line pt-4">
      <PagedList resource={list} empty={<p className="text-sm text-muted">No comments yet.</p>}>
        {(items) => (
          <ul className="grid gap-3">
            {items.map((one) => (
              <li key={one.id} className="flex gap-3 text-sm">
                <Portrait person={one.author} className="size-9" />
                <div className="min-w-0">
                  <span className="font-medium">{one.author.full_name}</span>{" "}
                  <span className="text-muted">{ago(one.created_at)}</span>
                  <p className="break-words whitespace-pre-line">{one.body}</p>
                </div>
              </li>
            ))}
          </ul>
        )}
      </PagedList>
      <Form label="Comment" busy={add.busy} error={add.error} onSend={add.run}>
        <TextField label="Your comment" name="body" required maxLength={2000} />
      </Form>
    </div>
  );
}
