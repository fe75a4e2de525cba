/** Who joined and left while the room is open, condensed into one line between two messages. */
import type { Members } from "@hubbub/client";

export interface PresenceNote {
  readonly id: string;
  /** The row after which it is shown. */
  readonly after: string | undefined;
  readonly joined: readonly string[];
  readonly left: readonly string[];
}

/** Older ones are dropped. */
const most = 50;

/** Add what changed between two lists of members: to the last note, if no message came in between. */
export function withPresence(
  notes: readonly PresenceNote[],
  before: Members,
  now: Members,
  after: string | undefined,
): readonly PresenceNote[] {
  // In a large room only the first names are known.
  if (before.more || now.more || before.count === 0) return notes;
  const came = without(now.names, before.names);
  const went = without(before.names, now.names);
  if (came.length + went.length === 0) return notes;
  const last = notes.at(-1);
  const merges = last !== undefined && last.after === after;
  const { joined, left } = merges ? last : { joined: [], left: [] };
  const note = {
    id: merges ? last.id : `presence ${after}`,
    after,
    // Who comes and goes between two messages is not mentioned.
    joined: [...without(joined, went), ...without(came, left)],
    left: [...without(left, came), ...without(went, joined)],
  };
  const others = merges ? notes.slice(0, -1) : notes;
  return note.joined.length + note.left.length === 0 ? others : [...others.slice(1 - most), note];
}

function without(names: readonly string[], others: readonly string[]): string[] {
  return names.filter((name) => !others.includes(name));
}
