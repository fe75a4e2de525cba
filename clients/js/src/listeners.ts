/** Those who want to be told of something. */

export class Listeners<T extends unknown[] = []> {
  readonly #listeners = new Set<(...told: T) => void>();

  /** Be told from now on; the answer is the way to stop it. */
  add(listener: (...told: T) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Tell all. One that throws doesn't keep it from the others, nor stop the client. */
  tell(...told: T): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(...told);
      } catch (error) {
        report(error);
      }
    }
  }
}

/** Let an error be seen as uncaught, without unwinding what met it. */
function report(error: unknown): void {
  if (typeof reportError === "function") reportError(error);
  else
    queueMicrotask(() => {
      throw error;
    });
}
