/** The joined rooms: join them, open, leave and mark them. */
import type { Client } from "@hubbub/client";
import { useEffect, useMemo } from "react";
import { type RoomSummary, useRoomSummaries } from "../features/rooms/useRoomSummaries.ts";
import { markRead } from "../features/unread/useReadMark.ts";
import { useRoomsFromElsewhere, useServerMarks } from "../features/unread/useServerMarks.ts";
import { useStatus } from "../hooks/useClient.ts";
import { useTexts } from "../i18n/language.tsx";
import { changedRoom, withoutRoom, withRoom } from "../stores/rooms.ts";
import type { Stores } from "../stores/stores.ts";
import { useToast } from "../ui/Toasts.tsx";
import { firstRoom, goTo, replaceWith, routeOf, useRoute } from "./route.ts";

export interface Rooms {
  readonly current: string;
  readonly offset: number | null;
  readonly summaries: readonly RoomSummary[];
  readonly names: readonly string[];
}

export function useRooms(client: Client, stores: Stores): Rooms {
  useServerMarks(client, stores);
  useRoomsFromElsewhere(client, stores, useStatus(client).state === "online");
  const summaries = useRoomSummaries(client, stores);
  const usual = useMemo(() => lastRoom(stores), [stores]);
  const { room: current, offset } = useRoute(usual);
  const list = summaries.map(({ name }) => name).sort();
  const key = JSON.stringify(list);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the names, not their order, are compared
  const names = useMemo(() => list, [key]);

  useEffect(() => {
    if (routeOf(window.location.pathname) === null) replaceWith(usual);
  }, [usual]);
  useEffect(() => {
    stores.rooms.update((rooms) => withRoom(rooms, current, Date.now()));
  }, [stores, current]);
  // A room is left explicitly, by its menu.
  useEffect(() => {
    for (const name of names) client.room(name).join();
  }, [client, names]);
  useForgetRefused(summaries, current, stores);
  return { current, offset, summaries, names };
}

/** A room that the user may not join stays only while it is open, with the reason. */
function useForgetRefused(
  summaries: readonly RoomSummary[],
  current: string,
  stores: Stores,
): void {
  const refused = summaries.find((room) => room.refused && room.name !== current)?.name;
  useEffect(() => {
    if (refused !== undefined) stores.rooms.update((rooms) => withoutRoom(rooms, refused));
  }, [refused, stores]);
}

function lastRoom({ rooms }: Stores): string {
  const [last] = [...rooms.value].sort((one, other) => other.activeAt - one.activeAt);
  return last?.name ?? firstRoom;
}

/** Return what the user can do with the rooms. */
export function useRoomActions(client: Client, stores: Stores, { current, summaries }: Rooms) {
  const toast = useToast();
  const { rooms: texts } = useTexts();
  const others = summaries.filter(({ name, refused }) => name !== current && !refused);
  const isUnread = (name: string) =>
    others.some((room) => room.name === name && room.unread.count > 0);
  const back = () => goTo(others[0]?.name ?? firstRoom);

  return {
    back,
    leave() {
      const left = stores.rooms.value;
      back();
      client.room(current).leave();
      stores.rooms.update((rooms) => withoutRoom(rooms, current));
      const undo = () => {
        const before = left.find(({ name }) => name === current);
        stores.rooms.update((rooms) => [
          ...withoutRoom(rooms, current),
          ...(before ? [before] : []),
        ]);
        goTo(current);
      };
      toast({ text: texts.left(current), action: { label: texts.undo, act: undo } });
    },
    favourite(favourite: boolean) {
      stores.rooms.update((rooms) => changedRoom(rooms, current, { favourite }));
    },
    markRead() {
      const { position } = client.room(current).snapshot;
      if (position !== null) markRead(client, stores, current, position);
    },
    /** Open the room `by` places further in the list; only unread ones, if they are asked for. */
    step(by: 1 | -1, only: "all" | "unread" = "all") {
      const names = summaries.map(({ name }) => name);
      const at = names.indexOf(current);
      const after = names.map((_, index) => names.at((at + by * (index + 1)) % names.length) ?? "");
      const next = after.find((name) => only === "all" || isUnread(name));
      if (next !== undefined) goTo(next);
    },
    firstUnread() {
      const mentioned = others.find(({ unread }) => unread.mentions > 0);
      const next = mentioned ?? others.find(({ unread }) => unread.count > 0);
      if (next !== undefined) goTo(next.name);
    },
  };
}
