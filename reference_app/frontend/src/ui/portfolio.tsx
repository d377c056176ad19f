import { useState } from "react";
import { Link } from "wouter";
import { get } from "../api/client";
import { usePerson } from "../api/session";
import type { PortfolioItem } from "../api/types";
import { signInAddress } from "../data/going";
import { addressOfFile, fetchFile } from "../data/uploads";
import { useAction } from "../data/use-action";
import { usePages, useResource } from "../data/use-resource";
import { fileSize } from "../data/words";
import { Button } from "./button";
import { Icon } from "./icons";
import { Failed, Refusal } from "./states";

const AT_ONCE = 12;
/** Larger pictures are fetched only when they are asked for. */
const DRAWN_BYTES = 5_000_000;

function Picture({ item }: { item: PortfolioItem }) {
  const isDrawn = item.content_type.startsWith("image/") && item.size_bytes <= DRAWN_BYTES;
  const address = useResource(isDrawn ? `file/${item.id}` : null, (signal) => addressOfFile(item.id, signal));
  const [broken, setBroken] = useState<string | null>(null);
  const isThere = address.data !== undefined && address.data !== broken;
  return (
    <div className="grid aspect-4/3 place-items-center overflow-hidden bg-sunken text-muted">
      {isThere ? (
        <img
          src={address.data}
          alt=""
          loading="lazy"
          onError={() => setBroken(address.data ?? null)}
          className="size-full object-cover"
        />
      ) : (
        <Icon name="paper" className="size-10" />
      )}
    </div>
  );
}

function Item({ item }: { item: PortfolioItem }) {
  const open = useAction(() => fetchFile(item.id));
  return (
    <li className="flex flex-col overflow-hidden rounded-2xl border border-line bg-surface">
      <Picture item={item} />
      <div className="grid gap-1 p-3 pb-1">
        <h3 className="truncate text-sm font-medium">{item.file_name}</h3>
        <p className="flex flex-wrap items-center justify-between text-sm text-muted">
          {fileSize(item.size_bytes)}
          <Button kind="quiet" className="-mr-3" busy={open.busy} aria-label={`Open ${item.file_name}`} onClick={() => void open.run()}>
            Open
          </Button>
        </p>
        <Refusal error={open.error} />
      </div>
    </li>
  );
}

function Items({ of }: { of: number }) {
  const list = usePages(`portfolio/${of}`, (cursor, signal) =>
    get("/api/v1/users/{user_id}/portfolio", {
      path: { user_id: of },
      query: { limit: AT_ONCE, ...(cursor && { cursor }) },
      ...(signal && { signal }),
    }),
  );
  return (
    <>
      {list.error !== null && <Failed error={list.error} retry={list.data === undefined ? list.reload : list.more} />}
      {list.data?.length === 0 && <p className="text-muted">Nothing shown yet.</p>}
      {list.data !== undefined && list.data.length > 0 && (
        <ul className="grid grid-cols-2 gap-3 sm:grid-cols-3">
          {list.data.map((item) => (
            <Item key={item.id} item={item} />
          ))}
        </ul>
      )}
      {list.hasMore && (
        <Button kind="plain" busy={list.isLoadingMore} onClick={list.more}>
          More of it
        </Button>
      )}
    </>
  );
}

/** What a worker shows of their work, to those who are signed in. */
export function Portfolio({ of }: { of: number }) {
  const me = usePerson();
  return (
    <section aria-labelledby="portfolio" className="grid gap-4">
      <h2 id="portfolio" className="text-xl">
        Portfolio
      </h2>
      {me === null ? (
        <p className="text-muted">
          <Link href={signInAddress(`/people/${of}`)} className="text-accent underline underline-offset-2">
            Sign in
          </Link>{" "}
          to see it.
        </p>
      ) : (
        <Items of={of} />
      )}
    </section>
  );
}
