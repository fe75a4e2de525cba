/** Move the read mark of the open room, and freeze the place of the divider. */
import type { Room, RoomSnapshot } from "@hubbub/client";
import { useEffect, useState } from "react";
import { useAttention } from "../../hooks/useAttention.ts";
import { useLasting } from "../../hooks/useLasting.ts";
import { laterMark, type ReadMark } from "../../stores/readMarks.ts";
import type { Stores } from "../../stores/stores.ts";

/** What is on the screen for a shorter time was painted, but not read. */
const readAfter = 500;

export function markRead({ marks }: Stores, room: string, upTo: ReadMark): void {
  if (laterMark(marks.value[room], upTo) === marks.value[room]) return;
  marks.update((all) => ({ ...all, [room]: laterMark(all[room], upTo) }));
}

/** Mark the room as read while the user sees its end. */
export function useReading(
  room: Room,
  { position }: RoomSnapshot,
  atEnd: boolean,
  stores: Stores,
): void {
  const attention = useAttention();
  const reading = useLasting(atEnd && attention, readAfter);
  useEffect(() => {
    if (reading && position !== null) markRead(stores, room.name, position);
  }, [reading, position, room, stores]);
}

/** Mark what is there when the user joins a room for the first time: nothing of it is news. */
export function useFirstMark(room: Room, { state, position }: RoomSnapshot, stores: Stores): void {
  useEffect(() => {
    if (state === "live" && position !== null && stores.marks.value[room.name] === undefined)
      markRead(stores, room.name, position);
  }, [room, state, position, stores]);
}

/**
 * The mark after which the divider is shown. It stays while the user reads, and moves when the user comes back to the
 * page: what came meanwhile is new.
 */
export function useDivider(room: Room, stores: Stores): ReadMark | undefined {
  const attention = useAttention();
  const [divider, setDivider] = useState(() => stores.marks.value[room.name]);
  useEffect(() => {
    if (!attention) setDivider(stores.marks.value[room.name]);
  }, [attention, room, stores]);
  return divider;
}
