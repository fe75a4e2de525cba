/** The calls that wait for pages of searches. */
import type { SearchPage } from "./sans-io/effects.ts";

type Answer = (page: SearchPage | null) => void;

export class SearchAnswers {
  readonly #waiting = new Map<string, Answer[]>();

  /** Wait for the page of a query that begins at a place. */
  wait(query: string, before: string): Promise<SearchPage | null> {
    return new Promise((resolve) => {
      const key = JSON.stringify([query, before]);
      this.#waiting.set(key, [...(this.#waiting.get(key) ?? []), resolve]);
    });
  }

  settle(query: string, before: string, page: SearchPage | null): void {
    const key = JSON.stringify([query, before]);
    const waiting = this.#waiting.get(key) ?? [];
    this.#waiting.delete(key);
    for (const answer of waiting) answer(page);
  }
}
