/** Load history up to a message, or to a moment. */
import type { Message, MessageRow, Room } from "@hubbub/client";

/** A seek reads at most this many pages of 50 messages. */
const mostPages = 200;

/** A message to go to: `top` is where it is shown, in px; without it, in the middle and highlighted. */
export interface MessageTarget {
  readonly offset: number;
  readonly top?: number;
}

/** The first message from a moment on. */
export interface TimeTarget {
  readonly at: number;
}

export type Target = MessageTarget | TimeTarget;

/** Load history up to the target, and return the first message there or after it; null if there is none. */
export async function loadUpTo(
  room: Room,
  target: Target,
  signal: AbortSignal,
): Promise<MessageRow | null> {
  for (let page = 0; page < mostPages; page += 1) {
    await whenLive(room, signal);
    if (signal.aborted) return null;
    const { rows, beginning, position } = room.snapshot;
    const first = rows.find((row) => row.kind === "message" && row.epoch === position?.epoch);
    if (first?.kind !== "message" || isBefore(first.message, target) || beginning) break;
    await room.loadOlder();
  }
  return firstFrom(room, target);
}

/** Return whether nothing before this message is sought. */
function isBefore({ offset, at }: Message, target: Target): boolean {
  return "at" in target ? at < target.at : offset <= target.offset;
}

function firstFrom(room: Room, target: Target): MessageRow | null {
  const { rows, position } = room.snapshot;
  const isThere = ({ offset, at }: Message) =>
    "at" in target ? at >= target.at : offset >= target.offset;
  for (const row of rows)
    if (row.kind === "message" && row.epoch === position?.epoch && isThere(row.message)) return row;
  return null;
}

/** Wait until the room is live; the signal ends the wait. */
function whenLive(room: Room, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const isOver = () => room.snapshot.state === "live" || signal.aborted;
    if (isOver()) return resolve();
    const look = () => {
      if (!isOver()) return;
      stop();
      resolve();
    };
    const stop = room.subscribe(look);
    signal.addEventListener("abort", look, { once: true });
  });
}
