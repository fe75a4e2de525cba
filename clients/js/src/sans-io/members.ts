/** The members of a room, and the users who are typing. */
import type { Effect, PresenceChange } from "./effects.ts";
import type { Entry, ListedMembers, Presence, Welcome } from "./frames.ts";
import type { PendingCommands } from "./pendingCommands.ts";

const shown = 6_000; // PS2
const writtenEvery = 3_000;

/** The members of a room, or some of them. */
export interface Members {
  readonly count: number;
  readonly names: readonly string[];
  readonly more: boolean;
  /** Those of the names whose users are away. */
  readonly away: ReadonlySet<string>;
}

/** Return members as the application receives them. */
export function membersOf({ count, names, more, away }: ListedMembers): Members {
  return { count, names, more, away: new Set(away) };
}

/** The known members of a room (PS1, PS4). */
export class MemberList {
  members: Members = { count: 0, names: [], more: false, away: new Set() };

  replace({ count, names, more, away = [] }: ListedMembers): void {
    const known = new Set(names);
    // The default order is by UTF-16 code unit, as in every SDK, independent of the language.
    this.members = {
      count,
      names: [...known].sort(),
      more,
      away: new Set(away.filter((name) => known.has(name)).sort()),
    };
  }

  /** Apply a change; return it without the names that it does not change, or null if it changes nothing. */
  change({ count, joined, left, away = [], back = [] }: Presence): PresenceChange | null {
    const { count: before, more } = this.members;
    const known = new Set(this.members.names);
    const gone = new Set(this.members.away);
    const came = joined.filter((name) => !known.has(name));
    for (const name of joined) known.add(name);
    const leaves = left.filter((name) => more || known.has(name));
    for (const name of left) known.delete(name);
    const turned = away.filter((name) => known.has(name) && !gone.has(name));
    const returned = back.filter((name) => known.has(name) && gone.has(name));
    for (const name of away) gone.add(name);
    for (const name of back) gone.delete(name);
    this.replace({ count, names: [...known], more, away: [...gone] });
    if (count === before && ![came, leaves, turned, returned].some(({ length }) => length > 0))
      return null;
    return {
      count,
      joined: came,
      left: leaves,
      ...(turned.length > 0 && { away: turned }),
      ...(returned.length > 0 && { back: returned }),
    };
  }
}

/** Reports to the server whether the user is away, on each connection (PS4). */
export class AwayReport {
  readonly #pending: PendingCommands;
  #away = false;
  /** What the server knows of this connection; null if it is offline, or doesn't know of users who are away. */
  #known: boolean | null = null;

  constructor(pending: PendingCommands) {
    this.#pending = pending;
  }

  set(away: boolean, now: number): Effect[] {
    this.#away = away;
    return this.#write(now);
  }

  onWelcome({ features }: Welcome, now: number): Effect[] {
    this.#known = features?.includes("away") ? false : null;
    return this.#write(now);
  }

  onLost(): void {
    this.#known = null;
  }

  #write(now: number): Effect[] {
    const away = this.#away;
    if (this.#known === null || this.#known === away) return [];
    this.#known = away;
    return [["command", this.#pending.issue((id) => ({ type: "away", id, away }), now)]];
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
