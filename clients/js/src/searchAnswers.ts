/** The calls that wait for pages of searches. */
import type { SearchPage } from "./sans-io/effects.ts";

/** A search has no result. */
export class SearchFailed extends Error {
  override readonly name = "SearchFailed";
  /** The error code: of the server (§7), or `not_joined`, `busy` or `lost` (SR4). */
  readonly code: string;

  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

interface Waiting {
  resolve(page: SearchPage): void;
  reject(error: SearchFailed): void;
}

export class SearchAnswers {
  readonly #waiting = new Map<string, Waiting[]>();

  /** Wait for the page of a query that begins at a place. */
  wait(query: string, before: string): Promise<SearchPage> {
    return new Promise((resolve, reject) => {
      const key = JSON.stringify([query, before]);
      this.#waiting.set(key, [...(this.#waiting.get(key) ?? []), { resolve, reject }]);
    });
  }

  settle(query: string, before: string, page: SearchPage | string): void {
    const key = JSON.stringify([query, before]);
    const waiting = this.#waiting.get(key) ?? [];
    this.#waiting.delete(key);
    for (const { resolve, reject } of waiting)
      if (typeof page === "string") reject(new SearchFailed(page));
      else resolve(page);
  }
}
