/** Those who want to be values of something. */

export class Listeners<T extends unknown[] = []> {
  readonly #listeners = new Set<(...values: T) => void>();

  /** Be values from now on; the answer is the way to stop it. */
  add(listener: (...values: T) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Tell all. One that throws doesn't keep it from the others, nor stop the client. */
  emit(...values: T): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(...values);
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
