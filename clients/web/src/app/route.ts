/** The address: `/r/<room>` is a room, `/r/<room>/<offset>` a message in it, below any path. */
import { useSyncExternalStore } from "react";

export const firstRoom = "lobby";

export interface Route {
  readonly room: string;
  /** The message to show. */
  readonly offset: number | null;
}

const place = /^(.*\/)r\/([^/]+)(?:\/(\d{1,15}))?\/?$/;

/** Return the route of a path; null if it names no room. */
export function routeOf(path: string): Route | null {
  const found = place.exec(path);
  const room = decoded(found?.[2] ?? "");
  if (room === "") return null;
  return { room, offset: found?.[3] === undefined ? null : Number(found[3]) };
}

/** The path below which the page and its websocket are served: it ends with a slash. */
export function baseOf(path: string): string {
  return place.exec(path)?.[1] ?? path.replace(/[^/]*$/, "");
}

export function addressOf(room: string, offset?: number): string {
  const message = offset === undefined ? "" : `/${offset}`;
  return `${baseOf(window.location.pathname)}r/${encodeURIComponent(room)}${message}`;
}

/** The address of a file that is served beside the page. */
export function fileAt(name: string): string {
  return new URL(baseOf(window.location.pathname) + name, window.location.origin).href;
}

/** The address for other people. */
export function linkTo(room: string, offset?: number): string {
  return new URL(addressOf(room, offset), window.location.origin).href;
}

/** Return the room that a name or a link means; empty if none. */
export function roomOfWords(words: string): string {
  const text = words.trim();
  if (/^https?:\/\//i.test(text) && URL.canParse(text)) {
    const url = new URL(text);
    return routeOf(url.pathname)?.room ?? decoded(url.hash.slice(1));
  }
  return text.replace(/^#\s*/, "");
}

/** Return the route of the address; `usual` is the room of an address without one. */
export function useRoute(usual: string): Route {
  const path = useSyncExternalStore(subscribe, () => window.location.pathname);
  return routeOf(path) ?? { room: usual, offset: null };
}

export function goTo(room: string, offset?: number): void {
  show(addressOf(room, offset), "pushState");
}

/** Show a room without a way back to the address before it. */
export function replaceWith(room: string): void {
  show(addressOf(room), "replaceState");
}

/** The query stays: it may say that the page is embedded. */
function show(address: string, how: "pushState" | "replaceState"): void {
  if (window.location.pathname === address) return;
  window.history[how](null, "", address + window.location.search);
  for (const listener of listeners) listener();
}

/** Replace an address of an earlier version, in which the room was the fragment. */
export function replaceOldAddress(): void {
  const room = decoded(window.location.hash.slice(1));
  if (room !== "") window.history.replaceState(null, "", addressOf(room));
}

const listeners = new Set<() => void>();

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  window.addEventListener("popstate", listener);
  return () => {
    listeners.delete(listener);
    window.removeEventListener("popstate", listener);
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text).trim();
  } catch {
    return "";
  }
}
