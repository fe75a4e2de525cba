/** The rooms that the user has joined in this browser, in the order of the first visit. */
import { useCallback, useEffect, useState } from "react";

const saved = "hubbub.rooms";
const most = 20;

export function useVisited(current: string): [readonly string[], (room: string) => void] {
  const [rooms, setRooms] = useState(read);
  const all = rooms.includes(current) ? rooms : [...rooms, current].slice(-most);
  useEffect(() => {
    setRooms((before) => (before.includes(current) ? before : [...before, current].slice(-most)));
  }, [current]);
  useEffect(() => write(rooms), [rooms]);
  const forget = useCallback(
    (room: string) => setRooms((before) => before.filter((other) => other !== room)),
    [],
  );
  return [all, forget];
}

function read(): readonly string[] {
  try {
    const rooms: unknown = JSON.parse(localStorage.getItem(saved) ?? "[]");
    return Array.isArray(rooms) ? rooms.filter((room) => typeof room === "string") : [];
  } catch {
    return [];
  }
}

function write(rooms: readonly string[]): void {
  try {
    localStorage.setItem(saved, JSON.stringify(rooms));
  } catch {} // the list is a convenience
}
