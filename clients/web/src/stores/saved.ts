/** A value in the browser's storage, which all tabs share. */
import type { KeyValue } from "@hubbub/client";

export class Saved<T> {
  readonly #storage: KeyValue;
  readonly #key: string;
  readonly #read: (stored: unknown) => T;
  readonly #listeners = new Set<() => void>();
  #value: T;

  /** `read` makes a value of anything that may be stored, also of null and of what older versions wrote. */
  constructor(storage: KeyValue, key: string, read: (stored: unknown) => T) {
    this.#storage = storage;
    this.#key = key;
    this.#read = read;
    this.#value = this.#load();
    window.addEventListener("storage", (event) => {
      // A null key: the whole storage was cleared.
      if (event.key === key || event.key === null) this.#show(this.#load());
    });
  }

  get value(): T {
    return this.#value;
  }

  /** Change the value that is stored now, which another tab may have changed meanwhile. */
  update(change: (before: T) => T): void {
    const next = change(this.#load());
    try {
      this.#storage.setItem(this.#key, JSON.stringify(next));
    } catch {} // a full or blocked storage: this tab remembers it until it is closed
    this.#show(next);
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  #load(): T {
    try {
      const stored = this.#storage.getItem(this.#key);
      if (stored !== null) return this.#read(JSON.parse(stored));
    } catch {} // not JSON, or no access
    return this.#value ?? this.#read(null);
  }

  #show(value: T): void {
    this.#value = value;
    for (const listener of this.#listeners) listener();
  }
}
