/** What the list shows of each room: unread messages, mentions, a draft, and when something last happened. */
import type { Client, RoomSnapshot } from "@hubbub/client";
import { useEffect, useMemo, useReducer } from "react";
import { oncePerFrame } from "../../hooks/frames.ts";
import type { KnownRoom } from "../../stores/rooms.ts";
import type { Stores } from "../../stores/stores.ts";
import { useSaved } from "../../stores/useSaved.ts";
import { meOf } from "../markup/mentions.ts";
import { type Unread, unreadOf } from "../unread/unread.ts";

export interface RoomSummary extends KnownRoom {
  readonly unread: Unread;
  readonly hasDraft: boolean;
  readonly refused: boolean;
}

/** Return the rooms: favourites first, then those in which something happened last. */
export function useRoomSummaries(client: Client, stores: Stores): readonly RoomSummary[] {
  const rooms = useSaved(stores.rooms);
  const marks = useSaved(stores.marks);
  const drafts = useSaved(stores.drafts);
  const names = useMemo(() => rooms.map(({ name }) => name), [rooms]);
  useChanges(client, names);
  const summaries = rooms.map((room) => {
    const { name } = room;
    const snapshot = client.room(name).snapshot;
    return {
      ...room,
      activeAt: Math.max(room.activeAt, lastTime(snapshot)),
      unread: unreadOf(snapshot.rows, marks[name], meOf(client), {
        beginning: snapshot.beginning,
        counted: stores.counts.get(name),
      }),
      hasDraft: (drafts[name] ?? "").trim() !== "",
      refused: snapshot.state === "refused",
    };
  });
  return summaries.sort(byFavouriteAndTime);
}

/** Render again, at most once per frame, when one of the rooms changes. */
function useChanges(client: Client, names: readonly string[]): void {
  const [, render] = useReducer((times: number) => times + 1, 0);
  useEffect(() => {
    const changed = oncePerFrame(render);
    const stops = names.map((name) => client.room(name).subscribe(changed));
    return () => {
      for (const stop of stops) stop();
    };
  }, [client, names]);
}

function lastTime({ rows }: RoomSnapshot): number {
  const last = rows.findLast((row) => row.kind === "message");
  return last?.kind === "message" ? last.message.at : 0;
}

function byFavouriteAndTime(one: RoomSummary, other: RoomSummary): number {
  if (one.favourite !== other.favourite) return one.favourite ? -1 : 1;
  return other.activeAt - one.activeAt || one.name.localeCompare(other.name);
}
