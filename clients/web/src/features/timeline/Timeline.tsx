import type { Room, RoomSnapshot, Row } from "@hubbub/client";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { nameOfDay } from "../../ui/times.ts";
import { arrange } from "./arrange.ts";
import { Entry } from "./Entry.tsx";
import styles from "./Timeline.module.css";
import { useAnchoredScroll } from "./useAnchoredScroll.ts";
import { useWindow } from "./useWindow.ts";

/** So near to the top, older rows are fetched. */
const nearTop = 600;

interface Props {
  readonly room: Room;
  readonly snapshot: RoomSnapshot;
  readonly user: string;
}

/** What was said in the room. */
export function Timeline({ room, snapshot, user }: Props) {
  const { rows, hidden, reveal, hold } = useWindow(snapshot.rows);
  const [loading, loadOlder] = useOlder(room);
  const canLoad = snapshot.state === "live" && !snapshot.beginning;
  const items = useMemo(() => arrange(rows, user), [rows, user]);

  const upwards = useLatest((fromTop: number) => {
    if (fromTop > nearTop) return;
    if (hidden) reveal();
    else if (canLoad) loadOlder();
  });
  const { scroller, content, pinned, toEnd } = useAnchoredScroll(items, upwards);
  useHold(pinned, hold);
  useEndOnSending(snapshot.rows, toEnd);
  const missed = useMissed(snapshot.rows, pinned);

  return (
    <div className={styles.frame}>
      <div
        ref={scroller}
        className={styles.scroller}
        role="log"
        aria-live="off"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
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
          {missed === 0 ? "To the latest" : `${missed} new`} ↓
        </button>
      )}
    </div>
  );
}

/** What stands above all rows. It is always there and of one height, so that it moves nothing. */
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
  if (lost || rows[0]?.kind === "gap") return "Nothing older is kept.";
  return rows.length === 0 ? "Nobody has said anything here yet." : "This is where it begins.";
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

/** One function for ever, that does what the last render would have it do. */
function useLatest<A extends unknown[]>(act: (...args: A) => void): (...args: A) => void {
  const latest = useRef(act);
  useEffect(() => {
    latest.current = act;
  });
  return useCallback((...args: A) => latest.current(...args), []);
}

/** While one reads further up, no row may go from under one's eyes; at the end only the last ones count. */
function useHold(pinned: boolean, hold: (on: boolean) => void): void {
  const holdLatest = useLatest(hold);
  useEffect(() => holdLatest(!pinned), [pinned, holdLatest]);
}

/** Who says something wants to see it. */
function useEndOnSending(rows: readonly Row[], toEnd: () => void): void {
  const last = rows.at(-1);
  const sending = last?.kind === "own" && last.state === "sending" ? last.id : null;
  useEffect(() => {
    if (sending !== null) toEnd();
  }, [sending, toEnd]);
}

/** How many rows came since one left the end. */
function useMissed(rows: readonly Row[], pinned: boolean): number {
  const [last, setLast] = useState<string | undefined>();
  const now = rows.at(-1)?.id;
  useEffect(() => {
    if (pinned) setLast(now);
  }, [pinned, now]);
  if (pinned || last === undefined || last === now) return 0;
  return rows.length - 1 - rows.findIndex(({ id }) => id === last);
}
