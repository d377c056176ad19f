import { BASE, get } from "../api/client";
import { usePerson } from "../api/session";
import { useResource } from "../data/use-resource";

/** An advertisement, where the API has one for whoever looks: paying people get none. */
export function Ad({
  placement,
  island,
  category,
}: {
  placement: "feed" | "jobs" | "job";
  island?: string | null;
  category?: string | null;
}) {
  const person = usePerson();
  const key = `ad/${placement}/${island ?? ""}/${category ?? ""}/${person?.id ?? ""}`;
  const ad = useResource(key, async (signal) => {
    const query = { placement, ...(island && { island }), ...(category && { category }) };
    return (await get("/api/v1/ads", { query, signal } as never)) ?? null;
  }).data;
  if (ad === undefined || ad === null) return null;
  return (
    <aside aria-label="Advertisement" className="rounded-2xl border border-line bg-sunken p-5">
      <p className="text-xs text-muted">Advertisement</p>
      <a href={BASE + ad.click_path} target="_blank" rel="noopener sponsored" className="mt-1 block hover:underline">
        <span className="font-semibold">{ad.title}</span>
        <span className="mt-1 block text-sm text-muted">{ad.text}</span>
      </a>
    </aside>
  );
}
