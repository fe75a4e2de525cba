/** The rooms that the user has joined in this browser. */
import { recordOf } from "./stored.ts";

export interface KnownRoom {
  readonly name: string;
  readonly favourite: boolean;
  /** When something last happened in it: a message, or the user joined. Ms since 1970. */
  readonly activeAt: number;
}

/** The list of an older version had only the names. */
export function readRooms(stored: unknown): readonly KnownRoom[] {
  if (!Array.isArray(stored)) return [];
  return stored.flatMap((entry: unknown) => {
    if (typeof entry === "string") return [{ name: entry, favourite: false, activeAt: 0 }];
    const { name, favourite, activeAt } = recordOf(entry);
    if (typeof name !== "string") return [];
    const time = typeof activeAt === "number" ? activeAt : 0;
    return [{ name, favourite: favourite === true, activeAt: time }];
  });
}

export function withRoom(
  rooms: readonly KnownRoom[],
  name: string,
  now: number,
): readonly KnownRoom[] {
  if (rooms.some((room) => room.name === name)) return rooms;
  return [...rooms, { name, favourite: false, activeAt: now }];
}

export function withoutRoom(rooms: readonly KnownRoom[], name: string): readonly KnownRoom[] {
  return rooms.filter((room) => room.name !== name);
}

export function changedRoom(
  rooms: readonly KnownRoom[],
  name: string,
  change: Partial<Omit<KnownRoom, "name">>,
): readonly KnownRoom[] {
  return rooms.map((room) => (room.name === name ? { ...room, ...change } : room));
}
