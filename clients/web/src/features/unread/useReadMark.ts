/** Move the read mark of the open room, and freeze the place of the divider. */
import type { Client, Room, RoomSnapshot } from "@hubbub/client";
import { useEffect, useState } from "react";
import { useAttention } from "../../hooks/useAttention.ts";
import { useLasting } from "../../hooks/useLasting.ts";
import { laterMark, type ReadMark, type ServerCount } from "../../stores/readMarks.ts";
import type { Stores } from "../../stores/stores.ts";

/** What is on the screen for a shorter time was painted, but not read. */
const readAfter = 500;

/** Move the mark forward, here and on the server, if it keeps marks of this user. */
export function markRead(client: Client, stores: Stores, room: string, upTo: ReadMark): void {
  if (moveMark(stores, room, upTo)) client.markRead(room, upTo.offset);
}

function moveMark({ marks }: Stores, room: string, upTo: ReadMark): boolean {
  if (laterMark(marks.value[room], upTo) === marks.value[room]) return false;
  marks.update((all) => ({ ...all, [room]: laterMark(all[room], upTo) }));
  return true;
}

/** Mark the room as read while the user sees its end. */
export function useReading(
  client: Client,
  room: Room,
  { position }: RoomSnapshot,
  atEnd: boolean,
  stores: Stores,
): void {
  const attention = useAttention();
  const reading = useLasting(atEnd && attention, readAfter);
  useEffect(() => {
    if (reading && position !== null) markRead(client, stores, room.name, position);
  }, [reading, position, room, client, stores]);
}

/** Mark what is there when the user joins a room for the first time: nothing of it is news. */
export function useFirstMark(room: Room, { state, position }: RoomSnapshot, stores: Stores): void {
  useEffect(() => {
    if (state === "live" && position !== null && stores.marks.value[room.name] === undefined)
      moveMark(stores, room.name, position);
  }, [room, state, position, stores]);
}

/**
 * The mark after which the divider is shown. It stays while the user reads, and moves when the user comes back to the
 * page: what came meanwhile is new.
 */
export function useDivider(room: Room, stores: Stores): Divider {
  const attention = useAttention();
  const [divider, setDivider] = useState(() => dividerOf(room, stores));
  useEffect(() => {
    if (!attention) setDivider(dividerOf(room, stores));
  }, [attention, room, stores]);
  return divider;
}

/** The mark, and what the server counted after it: the number in the list when the user came. */
export interface Divider {
  readonly mark: ReadMark | undefined;
  readonly counted: ServerCount | undefined;
}

function dividerOf({ name }: Room, { marks, counts }: Stores): Divider {
  return { mark: marks.value[name], counted: counts.get(name) };
}
