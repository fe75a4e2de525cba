/** The SDK's state as React wants it. */
import { useSyncExternalStore } from "react";
import type { Client } from "./client.ts";
import type { Status } from "./core/effects.ts";
import type { Room, RoomSnapshot } from "./room.ts";

export function useStatus(client: Client): Status {
  return useSyncExternalStore(client.onStatus, () => client.status);
}

export function useRoom(room: Room): RoomSnapshot {
  return useSyncExternalStore(room.subscribe, () => room.snapshot);
}
