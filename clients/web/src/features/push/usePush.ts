import type { Client } from "@hubbub/client";
import { useEffect } from "react";
import { useLatest } from "../../hooks/useLatest.ts";
import type { Preferences } from "../../stores/preferences.ts";
import { isOffered, session, store, subscription, unsubscribe } from "./push.ts";

type OnOpen = (room: string, offset: number) => void;

/** Keep the subscription of this browser on the server; end it when the user signs out. */
export function usePush(client: Client, { notifyOf }: Preferences, onOpen: OnOpen): void {
  const offered = isOffered(client);
  const muted = mutedOf(notifyOf);
  const rooms = JSON.stringify(muted);
  const renew = useLatest(() => void renewed(client.user, muted).catch(() => {}));
  // biome-ignore lint/correctness/useExhaustiveDependencies: the rooms are part of what is stored
  useEffect(() => {
    if (offered) renew();
  }, [offered, rooms, renew]);
  useServiceWorker(onOpen, renew);
  useEffect(() => {
    const proof = session();
    return () => {
      if (session() === null && offered) void unsubscribe(proof).catch(() => {});
    };
  }, [offered]);
}

export function mutedOf(notifyOf: Preferences["notifyOf"]): readonly string[] {
  return Object.keys(notifyOf).filter((room) => notifyOf[room] === "none");
}

async function renewed(name: string | null, muted: readonly string[]): Promise<void> {
  const found = await subscription();
  if (found !== null) await store(found, name ?? "", muted);
}

/** The service worker reports which message to open, and that the browser has renewed its subscription. */
function useServiceWorker(onOpen: OnOpen, onChange: () => void): void {
  const receive = useLatest((data: unknown) => {
    if (data === "push changed") return onChange();
    const { room, offset } = (data ?? {}) as { room?: unknown; offset?: unknown };
    if (typeof room === "string" && typeof offset === "number") onOpen(room, offset);
  });
  useEffect(() => {
    const worker = navigator.serviceWorker;
    const stop = new AbortController();
    const listener = ({ data }: MessageEvent) => receive(data);
    worker?.addEventListener("message", listener, { signal: stop.signal });
    return () => stop.abort();
  }, [receive]);
}
