/** The calls that wait for pages. */

/** Waits for the results of requests, each with a key. A result is for so many of those with its key. */
export class Answers<T> {
  readonly #most: number;
  readonly #waiting = new Map<string, ((page: T) => void)[]>();

  constructor(most = Number.POSITIVE_INFINITY) {
    this.#most = most;
  }

  /** Wait for the result of a request. */
  wait(...key: string[]): Promise<T> {
    return new Promise((resolve) => {
      const name = JSON.stringify(key);
      this.#waiting.set(name, [...(this.#waiting.get(name) ?? []), resolve]);
    });
  }

  settle(page: T, ...key: string[]): void {
    const name = JSON.stringify(key);
    const waiting = this.#waiting.get(name) ?? [];
    for (const answer of waiting.splice(0, this.#most)) answer(page);
    if (waiting.length === 0) this.#waiting.delete(name);
  }
}
