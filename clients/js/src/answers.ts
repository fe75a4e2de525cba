/** The calls that wait for pages. */

/** Waits for the results of requests, each with a key. */
export class Answers<T> {
  readonly #waiting = new Map<string, ((page: T | null) => void)[]>();

  /** Wait for the result of a request. */
  wait(...key: string[]): Promise<T | null> {
    return new Promise((resolve) => {
      const name = JSON.stringify(key);
      this.#waiting.set(name, [...(this.#waiting.get(name) ?? []), resolve]);
    });
  }

  settle(page: T | null, ...key: string[]): void {
    const name = JSON.stringify(key);
    const waiting = this.#waiting.get(name) ?? [];
    this.#waiting.delete(name);
    for (const answer of waiting) answer(page);
  }
}
