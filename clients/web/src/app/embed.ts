/** The page in a frame of another page: `?embed=1&room=support&theme=dark` shows one room, and no list of rooms. */
import { addressOf, routeOf } from "./route.ts";

export interface Embed {
  /** Without it, that of the user's settings. */
  readonly theme: "light" | "dark" | null;
}

/** Return how the page is embedded; null if it is not. */
export function embedOf(search: string): Embed | null {
  const query = new URLSearchParams(search);
  if (query.get("embed") !== "1") return null;
  const theme = query.get("theme");
  return { theme: theme === "light" || theme === "dark" ? theme : null };
}

export const embed = embedOf(window.location.search);

/** Go to the room of the query. The query stays in the address, for a reload of the frame. */
export function openEmbedded(): void {
  const { search, pathname } = window.location;
  const room = new URLSearchParams(search).get("room")?.trim();
  if (embed === null || !room || routeOf(pathname) !== null) return;
  window.history.replaceState(null, "", addressOf(room) + search);
}
