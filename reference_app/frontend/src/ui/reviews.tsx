import { useState } from "react";
import { Link } from "wouter";
import { usePerson } from "../api/session";
import type { Rating, Review } from "../api/types";
import { averageInWords, type Reviewed } from "../data/reviews";
import { useAction } from "../data/use-action";
import { usePages, type Resource } from "../data/use-resource";
import { ago, counted } from "../data/words";
import { Button } from "./button";
import { TextArea } from "./fields";
import { Form } from "./form";
import { Card, Portrait } from "./parts";
import { Failed, Refusal } from "./states";

const STARS = [1, 2, 3, 4, 5] as const;

function Stars({ of }: { of: number }) {
  return (
    <span role="img" aria-label={`${of} of 5 stars`} className="tracking-wider text-accent">
      {"★".repeat(of)}
      <span className="text-muted">{"☆".repeat(5 - of)}</span>
    </span>
  );
}

function Summary({ rating }: { rating: Rating }) {
  if (rating.reviews === 0) return <p className="text-muted">Nobody has written one yet.</p>;
  return (
    <Card className="grid gap-3">
      <p>
        <span className="text-2xl font-semibold">{averageInWords(rating)}</span>{" "}
        <span className="text-sm text-muted">{counted(rating.reviews, "review")}</span>
      </p>
      <ul className="grid gap-1 text-sm">
        {[...STARS].reverse().map((stars) => {
          const given = rating.by_stars[stars] ?? 0;
          return (
            <li key={stars} className="grid grid-cols-[4.5rem_1fr_2.5rem] items-center gap-2">
              <span>{counted(stars, "star")}</span>
              <progress className="meter" value={given} max={rating.reviews} aria-label={`Of ${counted(stars, "star")}`} />
              <span className="text-right text-muted">{given}</span>
            </li>
          );
        })}
      </ul>
    </Card>
  );
}

function Write({
  own,
  onSend,
  onClose,
}: {
  own: Review | undefined;
  onSend: (stars: number, body: string) => Promise<unknown>;
  onClose: () => void;
}) {
  const send = useAction(async (held: Record<string, string>) => {
    await onSend(Number(held["stars"]), held["body"] ?? "");
    onClose();
  });
  return (
    <Card>
      <Form
        label="Publish it"
        busy={send.busy}
        error={send.error}
        onSend={send.run}
        beside={
          <Button kind="quiet" onClick={onClose}>
            Cancel
          </Button>
        }
      >
        <fieldset>
          <legend className="mb-2 text-sm font-medium">How many stars?</legend>
          <div className="flex gap-2">
            {STARS.map((stars) => (
              <label
                key={stars}
                className="grid min-h-11 min-w-11 cursor-pointer place-items-center rounded-xl border border-line px-2 has-checked:border-accent has-checked:bg-accent-soft has-checked:text-accent has-focus-visible:outline-2 has-focus-visible:outline-accent"
              >
                <input
                  type="radio"
                  name="stars"
                  value={stars}
                  required
                  aria-label={counted(stars, "star")}
                  defaultChecked={own?.stars === stars}
                  className="sr-only"
                />
                <span aria-hidden="true">{stars} ★</span>
              </label>
            ))}
          </div>
        </fieldset>
        <TextArea
          label="How was it? (if you like)"
          name="body"
          rows={4}
          maxLength={5000}
          defaultValue={own?.body ?? ""}
          hint="Everyone can read it, with your name."
        />
      </Form>
    </Card>
  );
}

function One({ review, onDrop }: { review: Review; onDrop: (() => Promise<unknown>) | null }) {
  const drop = useAction(async () => onDrop?.());
  return (
    <Card className="grid gap-2">
      <p className="flex flex-wrap items-center justify-between gap-2">
        <Stars of={review.stars} />
        <time dateTime={review.updated_at} className="text-sm text-muted">
          {ago(review.updated_at)}
        </time>
      </p>
      {review.body !== "" && <p className="break-words whitespace-pre-line">{review.body}</p>}
      <p className="flex items-center gap-3 text-sm text-muted">
        <Portrait person={review.author} className="size-9" />
        <Link href={`/people/${review.author.id}`} className="hover:underline">
          {review.author.full_name}
        </Link>
      </p>
      {onDrop !== null && (
        <div>
          <Button kind="danger" busy={drop.busy} onClick={() => void drop.run()}>
            Take it back
          </Button>
        </div>
      )}
      <Refusal error={drop.error} />
    </Card>
  );
}

/** What is said of a company or a worker, and one's own word. `mayWrite`: the API has the last say. */
export function Reviews({
  of,
  id,
  rating,
  mayWrite,
}: {
  of: Reviewed;
  id: number;
  rating: Resource<Rating>;
  mayWrite: boolean;
}) {
  const me = usePerson();
  const [isWriting, setWriting] = useState(false);
  const list = usePages(`reviews/${of.name}/${id}`, (cursor, signal) => of.page(id, cursor, signal));
  const own = list.data?.find((one) => one.author.id === me?.id);
  const changed = (next: Review | null) => {
    list.change((items) => {
      const others = items.filter((one) => one.author.id !== me?.id);
      return next === null ? others : [next, ...others];
    });
    rating.reload();
  };
  return (
    <section id="reviews" aria-labelledby="reviews-of" className="grid scroll-mt-20 content-start gap-4">
      <div className="flex flex-wrap items-center justify-between gap-3">
        <h2 id="reviews-of" className="text-xl">
          Reviews
        </h2>
        {mayWrite && !isWriting && (
          <Button kind="plain" onClick={() => setWriting(true)}>
            {own === undefined ? "Write a review" : "Change yours"}
          </Button>
        )}
      </div>
      {isWriting && (
        <Write
          own={own}
          onSend={async (stars, body) => changed(await of.write(id, { stars, body }))}
          onClose={() => setWriting(false)}
        />
      )}
      {rating.data !== undefined && <Summary rating={rating.data} />}
      {list.error !== null && <Failed error={list.error} retry={list.data === undefined ? list.reload : list.more} />}
      <ul className="grid gap-3">
        {list.data?.map((review) => (
          <li key={review.id}>
            <One
              review={review}
              onDrop={
                review === own
                  ? async () => {
                      await of.drop(id);
                      changed(null);
                    }
                  : null
              }
            />
          </li>
        ))}
      </ul>
      {list.hasMore && (
        <Button kind="plain" busy={list.isLoadingMore} onClick={list.more}>
          More reviews
        </Button>
      )}
    </section>
  );
}
