/** The members of a room, and the users who are typing. */
import type { Effect } from "./effects.ts";
import type { Entry, Members, Presence } from "./frames.ts";

const shown = 6_000; // PS2
const writtenEvery = 3_000;

/** The known members of a room (PS1). */
export class MemberList {
  members: Members = { count: 0, names: [], more: false };

  replace({ count, names, more }: Members): void {
    // The default order is by UTF-16 code unit, as in every SDK, independent of the language.
    this.members = { count, names: [...new Set(names)].sort(), more };
  }

  /** Apply a change; return it without the names that it does not change, or null if it changes nothing. */
  change({ count, joined, left }: Presence): Pick<Presence, "count" | "joined" | "left"> | null {
    const { count: before, more } = this.members;
    const known = new Set(this.members.names);
    const changed = {
      count,
      joined: joined.filter((name) => !known.has(name)),
      left: left.filter((name) => more || known.has(name)),
    };
    for (const name of joined) known.add(name);
    for (const name of left) known.delete(name);
    this.replace({ count, names: [...known], more });
    return changed.joined.length || changed.left.length || count !== before ? changed : null;
  }
}

/** The users who are shown as typing, longest first, and the time of the last own `typing` (PS2). */
export class TypingUsers {
  readonly #room: string;
  readonly #until = new Map<string, number>();
  #written: number | null = null;
  /** Replaced, never mutated. */
  names: readonly string[] = [];

  constructor(room: string) {
    this.#room = room;
  }

  get deadlines(): Iterable<number> {
    return this.#until.values();
  }

  typed(name: string, now: number): Effect[] {
    this.#until.set(name, now + shown); // a known name keeps its place
    return this.#report();
  }

  stopped(names: Iterable<string>): Effect[] {
    for (const name of names) this.#until.delete(name);
    return this.#report();
  }

  /** The authors of messages are not typing any more. */
  wrote(entries: readonly Entry[]): Effect[] {
    return this.stopped(entries.filter(({ type }) => type === "message").map(({ user }) => user));
  }

  expire(now: number): Effect[] {
    return this.stopped(this.names.filter((name) => (this.#until.get(name) ?? 0) <= now));
  }

  clear(): Effect[] {
    return this.stopped(this.names);
  }

  /** Report the names if they changed. */
  #report(): Effect[] {
    const names = [...this.#until.keys()];
    const { length } = this.names;
    if (names.length === length && names.every((name, at) => name === this.names[at])) return [];
    this.names = names;
    return [["typing", this.#room, names]];
  }

  /** Send the own `typing`, unless the last one is too recent. */
  write(now: number): Effect[] {
    if (this.#written !== null && now - this.#written < writtenEvery) return [];
    this.#written = now;
    return [["command", { type: "typing", room: this.#room }]];
  }
}
