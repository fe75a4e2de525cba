/** Hooks for React: a component renders when the state of a client or a room changes. */
import { useEffect, useSyncExternalStore } from "react";
import type { Client } from "./client.ts";
import type { Room } from "./room.ts";
import type { RoomSnapshot } from "./roomSnapshot.ts";
import type { Status } from "./sans-io/effects.ts";

/** The mounted components that need a room. It is left with the last of them. */
const users = new WeakMap<Room, number>();

/** The status of the connection. */
export function useStatus(client: Client): Status {
  const read = () => client.status;
  return useSyncExternalStore(client.onStatus, read, read);
}

/** What is shown of a room, which the application joins. */
export function useSnapshot(room: Room): RoomSnapshot {
  const read = () => room.snapshot;
  return useSyncExternalStore(room.subscribe, read, read);
}

/** A room that is joined while components use it, and what is shown of it. */
export function useRoom(client: Client, name: string): readonly [RoomSnapshot, Room] {
  const room = client.room(name);
  useEffect(() => {
    users.set(room, (users.get(room) ?? 0) + 1);
    room.join();
    return () => {
      const others = (users.get(room) ?? 1) - 1;
      users.set(room, others);
      if (others === 0) room.leave();
    };
  }, [room]);
  return [useSnapshot(room), room];
}
