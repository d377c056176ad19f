// Reviews, of companies by those who applied there and of workers by those who hired them.
import { get, put, remove } from "../api/client";
import type { Rating, Review, ReviewDraft } from "../api/types";

interface Page {
  items: Review[];
  next_cursor: string | null;
}

export interface Reviewed {
  name: string;
  rating: (id: number, signal: AbortSignal) => Promise<Rating>;
  page: (id: number, cursor: string | undefined, signal?: AbortSignal) => Promise<Page>;
  write: (id: number, body: ReviewDraft) => Promise<Review>;
  drop: (id: number) => Promise<unknown>;
}

const asked = (cursor: string | undefined, signal: AbortSignal | undefined) => ({
  query: { limit: 20, ...(cursor !== undefined && { cursor }) },
  ...(signal !== undefined && { signal }),
});

export const COMPANIES: Reviewed = {
  name: "company",
  rating: (id, signal) =>
    get("/api/v1/companies/{company_id}/rating", { path: { company_id: id }, signal }),
  page: (id, cursor, signal) =>
    get("/api/v1/companies/{company_id}/reviews", { path: { company_id: id }, ...asked(cursor, signal) }),
  write: (id, body) => put("/api/v1/companies/{company_id}/review", { path: { company_id: id }, body }),
  drop: (id) => remove("/api/v1/companies/{company_id}/review", { path: { company_id: id } }),
};

export const WORKERS: Reviewed = {
  name: "worker",
  rating: (id, signal) => get("/api/v1/users/{user_id}/rating", { path: { user_id: id }, signal }),
  page: (id, cursor, signal) =>
    get("/api/v1/users/{user_id}/reviews", { path: { user_id: id }, ...asked(cursor, signal) }),
  write: (id, body) => put("/api/v1/users/{user_id}/review", { path: { user_id: id }, body }),
  drop: (id) => remove("/api/v1/users/{user_id}/review", { path: { user_id: id } }),
};

/** "4.3 of 5 stars"; null while there is nothing to say. */
export function averageInWords(rating: Rating | undefined): string | null {
  const average = rating?.average;
  return typeof average === "number" ? `${average.toFixed(1)} of 5 stars` : null;
}
