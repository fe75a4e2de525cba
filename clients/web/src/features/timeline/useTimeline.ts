/** The state of the list of messages: which rows are shown, where it is scrolled, and what is unread. */
import type { Client, Room, RoomSnapshot, Row } from "@hubbub/client";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useLatest } from "../../hooks/useLatest.ts";
import type { Stores } from "../../stores/stores.ts";
import { useDivider, useFirstMark, useReading } from "../unread/useReadMark.ts";
import { groupRows, withNotes } from "./groupRows.ts";
import type { Target } from "./seek.ts";
import { useAnchoredScroll } from "./useAnchoredScroll.ts";
import { usePlace } from "./usePlace.ts";
import { usePresence } from "./usePresence.ts";
import { useSeek } from "./useSeek.ts";
import { useWindow } from "./useWindow.ts";

/** Within this distance of the top, older rows are loaded; within that of the last row in the DOM, newer ones are added. */
const near = 600;

export interface TimelineOptions {
  readonly client: Client;
  readonly room: Room;
  readonly snapshot: RoomSnapshot;
  readonly user: string;
  readonly stores: Stores;
  /** The message that the address names. */
  readonly target: Target | null;
  onMissing(target: Target): void;
  onSlow(stop: () => void): void;
}

export function useTimeline(options: TimelineOptions) {
  const { client, room, snapshot, user, stores, target, ...on } = options;
  const shown = useWindow(snapshot.rows);
  const { rows, hidden } = shown;
  const [loading, loadOlder] = useOlder(room);
  const canLoad = snapshot.state === "live" && !snapshot.beginning;
  const divider = useDivider(room, stores);
  const notes = usePresence(snapshot);
  const items = useMemo(
    () => withNotes(groupRows(rows, user, divider.mark), notes),
    [rows, user, divider, notes],
  );
  const keepPlace = usePlace(room, stores);

  const scrolled = useLatest((fromTop: number, fromEnd: number) => {
    keepPlace(list.scroller.current, list.content.current, list.pinned);
    if (fromEnd < near) shown.advance();
    if (fromTop > near) return;
    if (hidden) shown.reveal();
    else if (canLoad) loadOlder();
  });
  const list = useAnchoredScroll(items, !shown.below, scrolled);
  const { pinned, place } = list;
  const toEnd = useLatest(() => {
    shown.hold(false);
    list.toEnd();
  });
  const sought = useSeek(room, list.content, { include: shown.include, place, ...on });
  useHold(pinned, shown.hold);
  useKeptRows(room, pinned);
  useEndOnSending(snapshot.rows, toEnd);
  useStart(room, stores, target, sought.seek);
  useFirstMark(room, snapshot, stores);
  useReading(client, room, snapshot, pinned && !snapshot.catchingUp, stores);
  const missed = useMissed(snapshot.rows, pinned);
  return { ...list, ...sought, toEnd, items, hidden, loading, divider, missed };
}

/** Go to the message of the address, or to where the user was reading. */
function useStart(room: Room, stores: Stores, target: Target | null, seek: (to: Target) => void) {
  useEffect(() => {
    const start = target ?? stores.places.value[room.name];
    if (start !== undefined) seek(start);
  }, [room, stores, target, seek]);
}

function useOlder(room: Room): [boolean, () => void] {
  const [loading, setLoading] = useState(false);
  const busy = useRef(false);
  const load = useCallback(() => {
    if (busy.current) return;
    busy.current = true;
    setLoading(true);
    void room.loadOlder().then(() => {
      busy.current = false;
      setLoading(false);
    });
  }, [room]);
  return [loading, load];
}

/** While the user reads older rows, none may be removed; at the end only the last rows stay. */
function useHold(pinned: boolean, hold: (on: boolean) => void): void {
  const holdLatest = useLatest(hold);
  useEffect(() => holdLatest(!pinned), [pinned, holdLatest]);
}

/** What is loaded stays while the user is not at the end: rows that go would take the position with them. */
function useKeptRows(room: Room, pinned: boolean): void {
  useEffect(() => {
    room.keepRows(!pinned);
    return () => room.keepRows(false);
  }, [room, pinned]);
}

/** Scroll to the end when the user sends a message. */
function useEndOnSending(rows: readonly Row[], toEnd: () => void): void {
  const last = rows.at(-1);
  const sending = last?.kind === "own" && last.state === "sending" ? last.id : null;
  useEffect(() => {
    if (sending !== null) toEnd();
  }, [sending, toEnd]);
}

/** Count the rows since the user scrolled away from the end. */
function useMissed(rows: readonly Row[], pinned: boolean): number {
  const [last, setLast] = useState<string | undefined>();
  const now = rows.at(-1)?.id;
  useEffect(() => {
    if (pinned) setLast(now);
  }, [pinned, now]);
  if (pinned || last === undefined || last === now) return 0;
  return rows.length - 1 - rows.findIndex(({ id }) => id === last);
}
