/** Makes React render when the SDK's state changes. */
import type { Client, Room, RoomSnapshot, Status } from "@hubbub/client";
import { useEffect, useMemo, useState, useSyncExternalStore } from "react";
import { oncePerFrame } from "./frames.ts";

export function useStatus(client: Client): Status {
  return useFrames(client.onStatus, () => client.status);
}

export function useRoom(room: Room): RoomSnapshot {
  return useFrames(room.subscribe, () => room.snapshot);
}

/** The time on the client's clock; it is read twice a second while it is displayed. */
export function useClientTime(client: Client, ticking: boolean): number {
  const [, setTicks] = useState(0);
  useEffect(() => {
    if (!ticking) return;
    const timer = setInterval(() => setTicks((ticks) => ticks + 1), 500);
    return () => clearInterval(timer);
  }, [ticking]);
  return client.now;
}

/** Subscribe to a store whose value changes at most once per frame. */
function useFrames<T>(subscribe: Subscribe, read: () => T): T {
  // biome-ignore lint/correctness/useExhaustiveDependencies: `subscribe` identifies the store of `read`
  const store = useMemo(() => {
    let value = read();
    return {
      read: () => value,
      subscribe(listener: () => void) {
        // It may have changed since the first render.
        value = read();
        return subscribe(
          oncePerFrame(() => {
            value = read();
            listener();
          }),
        );
      },
    };
  }, [subscribe]);
  return useSyncExternalStore(store.subscribe, store.read);
}

type Subscribe = (listener: () => void) => () => void;
