import { useState } from "react";
import { Link } from "wouter";
import { get, post, put, remove } from "../api/client";
import type { FeedPost } from "../api/types";
import { newKey } from "../data/key";
import { useAction } from "../data/use-action";
import { usePages } from "../data/use-resource";
import { ago, number } from "../data/words";
import { Ad } from "../ui/ad";
import { ButtonLink } from "../ui/button";
import { Comments } from "../ui/comments";
import { TextArea } from "../ui/fields";
import { Form } from "../ui/form";
import { Icon } from "../ui/icons";
import { Page } from "../ui/page";
import { Card, Monogram, Portrait } from "../ui/parts";
import { Empty, PagedList, Refusal } from "../ui/states";

type Change = (next: (now: FeedPost) => FeedPost) => void;

function Post({ one, onChange }: { one: FeedPost; onChange: Change }) {
  const [isOpen, setOpen] = useState(false);
  const path = { post_id: one.id };
  const like = useAction(async () => {
    const state = one.liked
      ? await remove("/api/v1/posts/{post_id}/like", { path })
      : await put("/api/v1/posts/{post_id}/like", { path });
    onChange((now) => ({ ...now, ...state }));
  });
  const deed = "flex min-h-11 items-center gap-2 rounded-lg px-2 text-sm text-muted hover:text-accent";
  return (
    <Card className="grid gap-3">
      <div className="flex gap-3">
        {one.company === null ? <Portrait person={one.author} /> : <Monogram name={one.company.name} />}
        <div className="min-w-0">
          <p className="font-medium">
            <Link href={`/people/${one.author.id}`} className="hover:underline">
              {one.author.full_name}
            </Link>
            {one.company !== null && (
              <span className="font-normal text-muted">
                {" "}
                for{" "}
                <Link href={`/companies/${one.company.id}`} className="underline underline-offset-2">
                  {one.company.name}
                </Link>
              </span>
            )}
          </p>
          <p className="text-sm text-muted">
            <time dateTime={one.created_at}>{ago(one.created_at)}</time>
          </p>
        </div>
      </div>
      <p className="break-words whitespace-pre-line">{one.body}</p>
      {one.job !== null && (
        <Link
          href={`/jobs/${one.job.id}`}
          className="flex items-center gap-2 rounded-xl border border-line p-3 text-sm font-medium hover:border-accent"
        >
          <Icon name="briefcase" className="size-4 text-accent" /> {one.job.title}
        </Link>
      )}
      <Refusal error={like.error} />
      <div className="-ml-2 flex gap-3">
        <button
          type="button"
          aria-pressed={one.liked}
          aria-label={`Like, ${one.likes} so far`}
          disabled={like.busy}
          onClick={() => void like.run()}
          className={`${deed} aria-pressed:text-accent`}
        >
          <Icon name="heart" className={`size-5 ${one.liked ? "fill-current" : ""}`} />
          {number(one.likes)}
        </button>
        <button
          type="button"
          aria-expanded={isOpen}
          aria-label={`Comments, ${one.comments} so far`}
          onClick={() => setOpen(!isOpen)}
          className={deed}
        >
          <Icon name="chat" />
          {number(one.comments)}
        </button>
      </div>
      {isOpen && (
        <Comments
          postId={one.id}
          onAdded={() => onChange((now) => ({ ...now, comments: now.comments + 1 }))}
        />
      )}
    </Card>
  );
}

export default function Feed() {
  const list = usePages("feed", (cursor, signal) =>
    get("/api/v1/feed", { query: { limit: 20, ...(cursor && { cursor }) }, ...(signal && { signal }) }),
  );
  const write = useAction(async (held: Record<string, string>, form: HTMLFormElement) => {
    const made = await post("/api/v1/posts", { body: { body: held["body"] ?? "", key: newKey() } });
    form.reset();
    list.change((items) => [{ ...made, liked: false }, ...items]);
  });
  const changed = (id: number): Change => (next) =>
    list.change((items) => items.map((one) => (one.id === id ? next(one) : one)));
  return (
    <Page title="Feed" narrow>
      <div className="grid gap-4">
        <Card>
          <Form label="Post" busy={write.busy} error={write.error} onSend={write.run}>
            <TextArea label="What is new?" name="body" rows={3} required maxLength={2000} />
          </Form>
        </Card>
        <Ad placement="feed" />
        <PagedList
          resource={list}
          empty={
            <Empty icon="heart" title="Quiet here" action={<ButtonLink href="/people">See people</ButtonLink>}>
              Follow people and companies to see what they post.
            </Empty>
          }
        >
          {(items) => (
            <ul className="grid gap-4">
              {items.map((one) => (
                <li key={one.id}>
                  <Post one={one} onChange={changed(one.id)} />
                </li>
              ))}
            </ul>
          )}
        </PagedList>
      </div>
    </Page>
  );
}
