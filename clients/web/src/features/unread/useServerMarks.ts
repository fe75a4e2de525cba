/** The marks of a user with a token: the server keeps them, and counts what follows (RD2). Guests have none there. */
import type { Client, Position, ReadMark } from "@hubbub/client";
import { useEffect } from "react";
import { laterMark } from "../../stores/readMarks.ts";
import { withRoom } from "../../stores/rooms.ts";
import type { Stores } from "../../stores/stores.ts";

export function useServerMarks(client: Client, stores: Stores): void {
  useEffect(() => {
    const known = new Set<string>();
    return client.onMark((room, mark) =>
      // The room's snapshot has the messages before it by then.
      queueMicrotask(() => {
        const { position } = client.room(room).snapshot;
        take(stores, room, mark, position, !known.has(room));
        known.add(room);
      }),
    );
  }, [client, stores]);
}

/** The first mark of a room replaces the browser's, which may be that of another user. */
function take(
  { counts, marks }: Stores,
  room: string,
  { unread, mentions, ...mark }: ReadMark,
  upTo: Position | null,
  isFirst: boolean,
): void {
  counts.set(room, { mark, unread, mentions, upTo: upTo?.offset ?? mark.offset });
  marks.update((all) => ({ ...all, [room]: isFirst ? mark : laterMark(all[room], mark) }));
}

/** In a browser that knows no other room of the user, show those that the user has joined elsewhere. */
export function useRoomsFromElsewhere(client: Client, stores: Stores, online: boolean): void {
  useEffect(() => {
    if (!online || !client.features.includes("rooms") || stores.rooms.value.length > 1) return;
    void client.rooms().then((page) => {
      for (const { room, at } of page?.rooms ?? [])
        stores.rooms.update((rooms) => withRoom(rooms, room, at ?? 0));
    });
  }, [client, stores, online]);
}
