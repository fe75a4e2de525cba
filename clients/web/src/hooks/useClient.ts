/** Makes React render when the SDK's state changes. */
import type { Client, Room, RoomSnapshot, Status } from "@hubbub/client";
import { useSyncExternalStore } from "react";

export function useStatus(client: Client): Status {
  return useSyncExternalStore(client.onStatus, () => client.status);
}

export function useRoom(room: Room): RoomSnapshot {
  return useSyncExternalStore(room.subscribe, () => room.snapshot);
}
