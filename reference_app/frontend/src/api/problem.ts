// Why the API refused: its application/problem+json, or that it could not be reached at all.

export interface Refused {
  /** What the tier does not allow, for `quota_exceeded` and `not_in_tier`. */
  feature?: string;
  limit?: number | null;
  used?: number | null;
  tier?: string;
  upgrade_tier?: string | null;
}

export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    detail: string,
    readonly members: Refused = {},
    readonly retryAfterS: number | null = null,
  ) {
    super(detail);
    this.name = "Problem";
  }

  /** Whether a better tier would have let it pass. */
  get wantsUpgrade(): boolean {
    return this.code === "quota_exceeded" || this.code === "not_in_tier";
  }
}

export const UNREACHED = "unreached";

export function unreached(): Problem {
  return new Problem(0, UNREACHED, "The board cannot be reached. Check your connection.");
}

export async function problemOf(answer: Response): Promise<Problem> {
  const wait = Number(answer.headers.get("retry-after"));
  const retryAfterS = Number.isFinite(wait) && wait > 0 ? wait : null;
  let said: Record<string, unknown> = {};
  try {
    said = (await answer.json()) as Record<string, unknown>;
  } catch {
    // A proxy between may answer in words of its own.
  }
  const text = (name: string) => (typeof said[name] === "string" ? said[name] : null);
  const detail = text("detail") ?? text("title") ?? "Something went wrong on our side.";
  return new Problem(answer.status, text("code") ?? "unknown", detail, said as Refused, retryAfterS);
}

/** In words for a person, whatever was thrown. */
export function wordsOf(error: unknown): string {
  return error instanceof Problem ? error.message : "Something went wrong on this page.";
}
