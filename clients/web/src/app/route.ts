/** The open room: the fragment of the URL, after `#`. */
import { useSyncExternalStore } from "react";

const firstRoom = "lobby";

export function useRoute(): string {
  return useSyncExternalStore(subscribe, roomOfAddress);
}

export function addressOf(room: string): string {
  return `#${encodeURIComponent(room)}`;
}

export function goTo(room: string): void {
  window.location.hash = addressOf(room);
}

/** Return the name of the room; the first room if the fragment is empty or invalid. */
export function roomOfAddress(): string {
  try {
    return decodeURIComponent(window.location.hash.slice(1)).trim() || firstRoom;
  } catch {
    return firstRoom;
  }
}

function subscribe(listener: () => void): () => void {
  window.addEventListener("hashchange", listener);
  return () => window.removeEventListener("hashchange", listener);
}
