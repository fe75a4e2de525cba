/** Who is in a room, and who is typing there. */
import type { Members, Presence } from "./frames.ts";

const shown = 6_000; // PS2
const writtenEvery = 3_000;

/** The members of a room, as far as they are known (PS1). */
export class Crowd {
  members: Members = { count: 0, names: [], more: false };

  replace({ count, names, more }: Members): void {
    // The default order is by code unit, the same in every SDK, whatever the reader's language.
    this.members = { count, names: [...new Set(names)].sort(), more };
  }

  change({ count, joined, left }: Presence): void {
    const names = new Set([...this.members.names, ...joined]);
    for (const name of left) names.delete(name);
    this.replace({ count, names: [...names], more: this.members.more });
  }
}

/** Who is shown as typing, longest first, and when one's own typing was last told (PS2). */
export class Typists {
  readonly #until = new Map<string, number>();
  #written: number | null = null;

  get names(): readonly string[] {
    return [...this.#until.keys()];
  }

  get deadlines(): Iterable<number> {
    return this.#until.values();
  }

  typed(name: string, now: number): void {
    this.#until.set(name, now + shown); // a name that is there already keeps its place
  }

  stopped(name: string): void {
    this.#until.delete(name);
  }

  expire(now: number): void {
    for (const [name, until] of this.#until) if (until <= now) this.#until.delete(name);
  }

  clear(): void {
    this.#until.clear();
  }

  /** Make a change; true if others are shown behind it, or in another order. */
  differsBy(change: () => void): boolean {
    const before = this.names;
    change();
    const { names } = this;
    return names.length !== before.length || names.some((name, at) => name !== before[at]);
  }

  /** Take the turn to tell of one's own typing, unless the last one is too near. */
  mayWrite(now: number): boolean {
    if (this.#written !== null && now - this.#written < writtenEvery) return false;
    this.#written = now;
    return true;
  }
}
