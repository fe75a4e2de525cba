import type { Client, MessageRow, Room, RoomSnapshot, Row } from "@hubbub/client";
import { type KeyboardEvent, memo, useCallback, useEffect, useMemo, useRef } from "react";
import { useToday } from "../../hooks/useToday.ts";
import { useTexts } from "../../i18n/language.tsx";
import type { Stores } from "../../stores/stores.ts";
import { Icon } from "../../ui/Icon.tsx";
import { nameOfDay } from "../../ui/times.ts";
import { later, laterShown } from "../parts/later.ts";
import { Entry } from "./Entry.tsx";
import type { EntryActions } from "./entryActions.ts";
import { repliesTo } from "./repliesTo.ts";
import type { Target } from "./seek.ts";
import styles from "./Timeline.module.css";
import { Top } from "./Top.tsx";
import type { UnreadPill } from "./UnreadPill.tsx";
import { useTimeline } from "./useTimeline.ts";

const PresenceLine = laterShown(() => import("./PresenceLine.tsx"));
const useUnreadPill = later(() => import("./UnreadPill.tsx"));

interface Props {
  readonly client: Client;
  readonly room: Room;
  readonly snapshot: RoomSnapshot;
  readonly user: string;
  readonly stores: Stores;
  readonly target: Target | null;
  readonly actions: EntryActions;
  /** The offsets of the messages that are being deleted. */
  readonly deleting: ReadonlySet<number>;
  onKey(event: KeyboardEvent<HTMLElement>): void;
  onMissing(target: Target): void;
  onSlow(stop: () => void): void;
  onDate(): void;
}

/** The messages of the room. */
export const Timeline = memo(function Timeline(props: Props) {
  const { actions, deleting, onKey, onDate, ...options } = props;
  const { room, snapshot, user } = options;
  const texts = useTexts();
  const list = useTimeline(options);
  const names = useLongNames(snapshot, user);
  const { seek } = list;
  const onJump = useCallback((offset: number) => seek({ offset }), [seek]);
  return (
    <div className={styles.frame}>
      <div
        ref={list.scroller}
        className={styles.scroller}
        role="log"
        aria-live="off"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable area must be reachable by keyboard
        tabIndex={0}
        aria-label={texts.list.label(room.name)}
        aria-busy={list.loading}
        onKeyDown={onKey}
      >
        <Top room={room} snapshot={snapshot} loading={list.loading} hidden={list.hidden} />
        <ol ref={list.content} className={styles.content}>
          {list.items.map((item) => {
            if (item.kind === "day") return <Day key={item.id} at={item.at} onDate={onDate} />;
            if (item.kind === "unread") return <Divider key={item.id} />;
            if (item.kind === "presence") return <PresenceLine key={item.id} note={item.note} />;
            return (
              <Entry
                key={item.id}
                row={item.row}
                leads={item.leads}
                highlighted={item.id === list.highlighted}
                deleting={item.row.kind === "message" && deleting.has(item.row.message.offset)}
                quoted={quotedBy(item.row, snapshot.rows)}
                onJump={onJump}
                user={user}
                names={names}
                actions={actions}
              />
            );
          })}
        </ol>
      </div>
      <Pill key={list.divider.mark?.offset} {...{ list, snapshot, user }} />
      {!list.pinned && (
        <button className={styles.end} type="button" onClick={list.toEnd}>
          {list.missed === 0 ? texts.list.latest : texts.list.missed(list.missed)}
          <Icon name="down" />
        </button>
      )}
    </div>
  );
});

/** The way to the first unread message, once its part is loaded. */
function Pill(props: Parameters<typeof UnreadPill>[0]) {
  const part = useUnreadPill();
  return part && <part.UnreadPill {...props} />;
}

/** Return the message that a row replies to, if it is loaded. */
function quotedBy(row: Row, rows: readonly Row[]): MessageRow | undefined {
  const offset = row.kind === "gap" ? undefined : repliesTo(row);
  if (offset === undefined) return undefined;
  const found = rows.findLast((one) => one.kind === "message" && one.message.offset === offset);
  return found?.kind === "message" ? found : undefined;
}

/** The name of a day. It leads to other days. */
function Day({ at, onDate }: { readonly at: number; onDate(): void }) {
  const { locale, date } = useTexts();
  return (
    <li className={styles.day}>
      <button type="button" title={date.title} onClick={onDate}>
        {nameOfDay(at, useToday(), locale)}
      </button>
    </li>
  );
}

function Divider() {
  return (
    <li className={styles.divider} data-unread>
      <span>{useTexts().list.unread}</span>
    </li>
  );
}

/** The names whose mention is longer than one word; the same array until they change. */
function useLongNames({ members }: RoomSnapshot, user: string): readonly string[] {
  const before = useRef<readonly string[]>([]);
  const names = useMemo(
    () => [...new Set([user, ...members.names])].filter((name) => /[^\p{L}\p{N}_.-]/u.test(name)),
    [members, user],
  );
  const same =
    names.length === before.current.length &&
    names.every((name, at) => name === before.current[at]);
  const stable = same ? before.current : names;
  useEffect(() => {
    before.current = stable;
  }, [stable]);
  return stable;
}
