import { useEffect } from "react";
import icon from "../../favicon.svg?raw";

const mostShown = 99;

/** Show what is unread in the title and the icon of the page. */
export function useTitle(room: string, unread: number, mentions: number): void {
  useEffect(() => {
    document.title = titleOf(room, unread);
  }, [room, unread]);
  const badge = mentions > 0 ? "#e5484d" : unread > 0 ? "#7a8cff" : null;
  useEffect(() => {
    const link = document.querySelector<HTMLLinkElement>("link[rel=icon]");
    if (link !== null) link.href = iconWith(badge);
  }, [badge]);
}

export function titleOf(room: string, unread: number): string {
  const count = unread > mostShown ? `${mostShown}+` : unread;
  return `${unread > 0 ? `(${count}) ` : ""}${room} · hubbub`;
}

/** Return the icon with a dot of this colour, as a data URL. */
function iconWith(colour: string | null): string {
  const size = Number(/viewBox="0 0 (\d+)/.exec(icon)?.[1] ?? 32);
  const at = size * 0.76;
  const dot = `<circle cx="${at}" cy="${size - at}" r="${size * 0.24}" fill="${colour}"/></svg>`;
  const svg = colour === null ? icon : icon.replace(/<\/svg>\s*$/, dot);
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}
