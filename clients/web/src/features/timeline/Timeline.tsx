import type { Room, RoomSnapshot, Row } from "@hubbub/client";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { nameOfDay } from "../../ui/times.ts";
import { Entry } from "./Entry.tsx";
import { groupRows } from "./groupRows.ts";
import styles from "./Timeline.module.css";
import { useAnchoredScroll } from "./useAnchoredScroll.ts";
import { useWindow } from "./useWindow.ts";

/** Within this distance of the top, older rows are loaded. */
const nearTop = 600;

interface Props {
  readonly room: Room;
  readonly snapshot: RoomSnapshot;
  readonly user: string;
}

/** The messages of the room. */
export function Timeline({ room, snapshot, user }: Props) {
  const { rows, hidden, reveal, hold } = useWindow(snapshot.rows);
  const [loading, loadOlder] = useOlder(room);
  const canLoad = snapshot.state === "live" && !snapshot.beginning;
  const items = useMemo(() => groupRows(rows, user), [rows, user]);

  const upwards = useLatest((fromTop: number) => {
    if (fromTop > nearTop) return;
    if (hidden) reveal();
    else if (canLoad) loadOlder();
  });
  const { scroller, content, pinned, toEnd } = useAnchoredScroll(items, upwards);
  useHold(pinned, hold);
  useKeptRows(room, pinned);
  useEndOnSending(snapshot.rows, toEnd);
  const missed = useMissed(snapshot.rows, pinned);

  return (
    <div className={styles.frame}>
      <div
        ref={scroller}
        className={styles.scroller}
        role="log"
        aria-live="off"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable area must be reachable by keyboard
        tabIndex={0}
        aria-label={`Messages in ${room.name}`}
        aria-busy={loading}
      >
        <Top snapshot={snapshot} loading={loading} hidden={hidden} />
        <ol ref={content} className={styles.content}>
          {items.map((item) =>
            item.kind === "day" ? (
              <Day key={item.id} at={item.at} />
            ) : (
              <Entry key={item.id} row={item.row} leads={item.leads} user={user} room={room} />
            ),
          )}
        </ol>
      </div>
      {!pinned && (
        <button className={styles.end} type="button" onClick={toEnd}>
          {missed === 0 ? "Go to latest" : `${missed} new`} ↓
        </button>
      )}
    </div>
  );
}

/** The line above all rows. It always has the same height, so that it moves nothing. */
function Top({
  snapshot,
  loading,
  hidden,
}: {
  readonly snapshot: RoomSnapshot;
  readonly loading: boolean;
  readonly hidden: boolean;
}) {
  const words = loading ? "Loading…" : hidden ? "" : beginningOf(snapshot);
  return <p className={styles.top}>{words}</p>;
}

function beginningOf({ beginning, lost, rows, state }: RoomSnapshot): string {
  if (!beginning || state === "joining") return "";
  if (lost || rows[0]?.kind === "gap") return "Older messages are not kept.";
  return rows.length === 0 ? "No messages yet." : "This is the beginning of the room.";
}

function Day({ at }: { readonly at: number }) {
  return (
    <li className={styles.day}>
      <span>{nameOfDay(at, Date.now())}</span>
    </li>
  );
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

/** Return a stable function that calls the one of the last render. */
function useLatest<A extends unknown[]>(act: (...args: A) => void): (...args: A) => void {
  const latest = useRef(act);
  useEffect(() => {
    latest.current = act;
  });
  return useCallback((...args: A) => latest.current(...args), []);
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
