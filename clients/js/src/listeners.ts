/** A set of listeners. */

export class Listeners<T extends unknown[] = []> {
  readonly #listeners = new Set<(...values: T) => void>();

  /** Add a listener; returns a function that removes it. */
  add(listener: (...values: T) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Call all listeners. An exception of one does not affect the others or the client. */
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

/** Report an error as uncaught, without interrupting the caller. */
function report(error: unknown): void {
  if (typeof reportError === "function") reportError(error);
  else
    queueMicrotask(() => {
      throw error;
    });
}
