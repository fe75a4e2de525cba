import type { Client, MessageRow, Room, RoomSnapshot, Row } from "@hubbub/client";
import { memo, type RefObject, useCallback, useEffect, useRef, useState } from "react";
import { useAnnouncements } from "../features/announce/useAnnouncements.ts";
import { type ComposerMode, newMessage, RoomComposer } from "../features/composer/RoomComposer.tsx";
import { GapNotice } from "../features/gaps/GapNotice.tsx";
import { laterShown } from "../features/parts/later.ts";
import { part } from "../features/parts/part.ts";
import type { Person } from "../features/profile/ProfileCard.tsx";
import { filterOf } from "../features/search/filterOf.ts";
import type { EntryActions } from "../features/timeline/entryActions.ts";
import type { Target } from "../features/timeline/seek.ts";
import { Timeline } from "../features/timeline/Timeline.tsx";
import { useDeleting } from "../features/timeline/useDeleting.ts";
import { useEntryActions } from "../features/timeline/useEntryActions.ts";
import { useRowKeys } from "../features/timeline/useRowKeys.ts";
import { useRoom, useStatus } from "../hooks/useClient.ts";
import { useTexts } from "../i18n/language.tsx";
import type { Stores } from "../stores/stores.ts";
import { Drawer } from "../ui/Drawer.tsx";
import { useToast } from "../ui/Toasts.tsx";
import styles from "./Chat.module.css";
import { Header, type RoomMenu } from "./Header.tsx";
import type { Panels } from "./panels.ts";
import { fileAt, linkTo } from "./route.ts";

const ProfileCard = part(() => import("../features/profile/ProfileCard.tsx"));
const Members = laterShown(() => import("../features/members/Members.tsx"));
const ConnectionStrip = laterShown(() => import("../features/connection/ConnectionStrip.tsx"));
const Refused = laterShown(() => import("./Refused.tsx"));
const NewVersion = laterShown(() => import("../features/version/NewVersion.tsx"));
const TypingLine = laterShown(() => import("../features/timeline/TypingLine.tsx"));
const ReactDialog = part(() => import("../features/timeline/ReactDialog.tsx"));
const ThreadDrawer = part(() => import("./ThreadDrawer.tsx"));
const DateDialog = part(() => import("../features/timeline/DateDialog.tsx"));

/** The limit of a text before the first welcome. */
const usualLength = 4_000;

/** Asked when the connection is there, so it is loaded by then, or the answer is not known. */
const isOutdated = () =>
  import("./afterStart.ts").then(
    (loaded) => loaded.isOutdated(fileAt),
    () => false,
  );

interface Props {
  readonly room: Room;
  readonly client: Client;
  readonly stores: Stores;
  /** The message that the address names. */
  readonly target: Target | null;
  readonly panels: Panels;
  readonly menu: RoomMenu;
  onSearch(query: string): void;
}

/** The open room: its name, messages, composer and members. */
export const RoomView = memo(function RoomView({ panels, menu, ...open }: Props) {
  const { room, client } = open;
  const texts = useTexts();
  const snapshot = useRoom(room);
  const live = useStatus(client).state === "online";
  useAnnouncements(room, client.wrote);
  const { count } = snapshot.members;
  const [asksDate, setAsksDate] = useState(false);
  const [person, setPerson] = useState<Person | null>(null);
  return (
    <>
      <main className={styles.room} inert={panels.modal}>
        <Header
          {...{ live, count, panels, menu }}
          name={room.name}
          topic={snapshot.topic}
          onDate={() => setAsksDate(true)}
        />
        <ConnectionStrip client={client} catchingUp={snapshot.catchingUp} />
        <NewVersion online={live} isOutdated={isOutdated} />
        <GapNotice room={room} rows={snapshot.rows} />
        <Conversation
          {...{ ...open, panels, snapshot, asksDate, setAsksDate, person, setPerson }}
          onBack={menu.onBack}
        />
      </main>
      <Drawer
        id="who"
        className={styles.members}
        label={texts.members.title}
        open={panels.open === "members"}
        modal={panels.modal}
        live={live}
        onClose={panels.onClose}
      >
        <Members
          room={room}
          members={snapshot.members}
          user={client.user}
          onProfile={(name) => setPerson(personOf(snapshot.rows, name))}
        />
      </Drawer>
    </>
  );
});

interface ConversationProps extends Omit<Props, "menu"> {
  readonly snapshot: RoomSnapshot;
  readonly asksDate: boolean;
  setAsksDate(asks: boolean): void;
  readonly person: Person | null;
  setPerson(person: Person | null): void;
  onBack(): void;
}

/** The messages and the field to write one. */
function Conversation({ room, client, stores, snapshot, onBack, ...props }: ConversationProps) {
  const field = useRef<HTMLTextAreaElement>(null);
  const [mode, setMode] = useState<ComposerMode>(newMessage);
  const [reacting, setReacting] = useState<MessageRow | null>(null);
  const [deleting, onDelete] = useDeleting(room);
  const [thread, onThread] = useThreadPanel(props.panels);
  const onReply = useCallback((row: MessageRow) => setMode({ kind: "reply", row }), []);
  const onEdit = useCallback((row: MessageRow) => setMode({ kind: "edit", row }), []);
  const actions = useEntryActions({
    ...{ room, client, linkTo, onReply, onEdit, onDelete, onThread },
    onReact: setReacting,
    onProfile: props.setPerson,
  });
  const onKey = useRowKeys(room, actions, field);
  const seeking = useSeeking(props.target);
  const { panels, setAsksDate } = props;
  const most = client.limits?.text ?? usualLength;
  const onDate = useCallback(() => setAsksDate(true), [setAsksDate]);
  if (snapshot.refusal !== null) return <Refused refusal={snapshot.refusal} onBack={onBack} />;
  return (
    <>
      <Timeline
        {...{ client, room, snapshot, stores, actions, deleting, onKey, onDate }}
        {...seeking.options}
        user={client.user ?? ""}
      />
      <TypingLine typing={snapshot.typing} />
      <RoomComposer
        {...{ client, room, stores, mode, most }}
        names={snapshot.members.names}
        field={field}
        can={actions.can}
        onMode={setMode}
      />
      {thread !== null && (
        <ThreadDrawer
          {...{ client, room, stores, actions, most, modal: panels.modal }}
          root={thread}
          names={snapshot.members.names}
          onJump={seeking.toMessage}
          onClose={panels.onClose}
        />
      )}
      <RoomDialogs
        {...{ ...props, actions, reacting, setReacting }}
        away={snapshot.members.away}
        field={field}
        toDate={seeking.toDate}
      />
    </>
  );
}

interface DialogsProps
  extends Pick<
    ConversationProps,
    "asksDate" | "setAsksDate" | "person" | "setPerson" | "onSearch"
  > {
  readonly actions: EntryActions;
  readonly away: ReadonlySet<string>;
  readonly field: RefObject<HTMLTextAreaElement | null>;
  readonly reacting: MessageRow | null;
  setReacting(row: MessageRow | null): void;
  toDate(at: number): void;
}

function RoomDialogs({ actions, field, reacting, setReacting, toDate, ...props }: DialogsProps) {
  const { asksDate, setAsksDate, person, setPerson } = props;
  return (
    <>
      {asksDate && <DateDialog onChoose={toDate} onClose={() => setAsksDate(false)} />}
      {person !== null && (
        <ProfileCard
          person={person}
          away={props.away.has(person.user)}
          field={field}
          onMessages={(name) => props.onSearch(filterOf("from", name))}
          onClose={() => setPerson(null)}
        />
      )}
      {reacting !== null && (
        <ReactDialog row={reacting} actions={actions} onClose={() => setReacting(null)} />
      )}
    </>
  );
}

/** The root of the open thread, and the function that opens one. Another room closes it. */
function useThreadPanel({
  open,
  onOpen,
  onClose,
}: Panels): [number | null, (root: number) => void] {
  const [root, setRoot] = useState<number | null>(null);
  const isOpen = open === "thread";
  useEffect(() => {
    if (isOpen && root === null) onClose();
  }, [isOpen, root, onClose]);
  const show = useCallback(
    (next: number) => {
      setRoot(next);
      onOpen("thread");
    },
    [onOpen],
  );
  return [isOpen ? root : null, show];
}

/** Where the user goes in the messages: by the address, or to a day. */
function useSeeking(target: Target | null) {
  const { list, date, message } = useTexts();
  const toast = useToast();
  const [day, setDay] = useState<Target | null>(null);
  // A later address replaces the day.
  // biome-ignore lint/correctness/useExhaustiveDependencies: only the address is the reason
  useEffect(() => setDay(null), [target]);
  const onMissing = useCallback(
    (missing: Target) => toast({ text: "at" in missing ? date.none : list.notFound }),
    [toast, date, list],
  );
  const onSlow = useCallback(
    (stop: () => void) =>
      toast({ text: date.loading, action: { label: message.cancel, act: stop } }),
    [toast, date, message],
  );
  return {
    options: { target: day ?? target, onMissing, onSlow },
    toDate: (at: number) => setDay({ at }),
    toMessage: useCallback((offset: number) => setDay({ offset }), []),
  };
}

/** What the last message of a member says about it; its name at least. */
function personOf(rows: readonly Row[], name: string): Person {
  const last = rows.findLast((row) => row.kind === "message" && row.message.user === name);
  return last?.kind === "message" ? last.message : { user: name };
}
