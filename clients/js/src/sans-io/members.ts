/** Who is in a room, and who is typing there. */
import type { Effect } from "./effects.ts";
import type { Members, Presence } from "./frames.ts";

const shown = 6_000; // PS2
const writtenEvery = 3_000;

/** The members of a room, as far as they are known (PS1). */
export class MemberList {
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
export class TypingUsers {
  readonly #room: string;
  readonly #until = new Map<string, number>();
  #written: number | null = null;
  /** Replaced, never changed: whoever has it may keep it. */
  names: readonly string[] = [];

  constructor(room: string) {
    this.#room = room;
  }

  get deadlines(): Iterable<number> {
    return this.#until.values();
  }

  typed(name: string, now: number): Effect[] {
    this.#until.set(name, now + shown); // a name that is there already keeps its place
    return this.#told();
  }

  stopped(names: Iterable<string>): Effect[] {
    for (const name of names) this.#until.delete(name);
    return this.#told();
  }

  expire(now: number): Effect[] {
    return this.stopped(this.names.filter((name) => (this.#until.get(name) ?? 0) <= now));
  }

  clear(): Effect[] {
    return this.stopped(this.names);
  }

  /** Tell, if it's others than were told last. */
  #told(): Effect[] {
    const names = [...this.#until.keys()];
    const { length } = this.names;
    if (names.length === length && names.every((name, at) => name === this.names[at])) return [];
    this.names = names;
    return [["typing", this.#room, names]];
  }

  /** Tell of one's own typing, unless the last time is too near. */
  write(now: number): Effect[] {
    if (this.#written !== null && now - this.#written < writtenEvery) return [];
    this.#written = now;
    return [["command", { type: "typing", room: this.#room }]];
  }
}
