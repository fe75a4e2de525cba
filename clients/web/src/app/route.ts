/** Which room is open: what stands behind the `#` of the address. */
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

/** Read the room's name; an address that holds none, or nonsense, means the first room. */
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
