/** Load history up to a message. */
import type { MessageRow, Room } from "@hubbub/client";

/** A seek reads at most this many pages of 50 messages. */
const mostPages = 200;

/** Load history up to this offset, and return the first message at or after it; null if it cannot be read. */
export async function loadUpTo(
  room: Room,
  offset: number,
  signal: AbortSignal,
): Promise<MessageRow | null> {
  for (let page = 0; page < mostPages; page += 1) {
    await whenLive(room, signal);
    if (signal.aborted) return null;
    const { rows, beginning } = room.snapshot;
    const first = rows.find((row) => row.kind === "message");
    if (first === undefined || first.message.offset <= offset || beginning) break;
    await room.loadOlder();
  }
  return firstFrom(room, offset);
}

function firstFrom(room: Room, offset: number): MessageRow | null {
  const { rows, position } = room.snapshot;
  for (const row of rows)
    if (row.kind === "message" && row.epoch === position?.epoch && row.message.offset >= offset)
      return row;
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
