/** The calls that wait for pages. */

/** Waits for the results of requests, each with a key. */
export class Answers<T> {
  readonly #waiting = new Map<string, ((page: T) => void)[]>();

  /** Wait for the result of a request. */
  wait(...key: string[]): Promise<T> {
    return new Promise((resolve) => {
      const name = JSON.stringify(key);
      this.#waiting.set(name, [...(this.#waiting.get(name) ?? []), resolve]);
    });
  }

  settle(page: T, ...key: string[]): void {
    const name = JSON.stringify(key);
    for (const answer of this.#waiting.get(name) ?? []) answer(page);
    this.#waiting.delete(name);
  }
}
