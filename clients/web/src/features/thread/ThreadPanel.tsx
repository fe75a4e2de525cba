import type { Client, MessageRow, Room } from "@hubbub/client";
import { useEffect, useMemo, useRef, useState } from "react";
import { useAllTexts } from "../../i18n/useAllTexts.ts";
import type { Stores } from "../../stores/stores.ts";
import buttons from "../../ui/buttons.module.css";
import { Icon } from "../../ui/Icon.tsx";
import { Composer } from "../composer/Composer.tsx";
import { ModeBar } from "../composer/RoomComposer.tsx";
import { useDraft } from "../composer/useDraft.ts";
import { useSending } from "../composer/useSending.ts";
import { Entry } from "../timeline/Entry.tsx";
import type { EntryActions } from "../timeline/entryActions.ts";
import { groupRows } from "../timeline/groupRows.ts";
import { positionOf } from "../timeline/useEntryActions.ts";
import styles from "./ThreadPanel.module.css";
import { type Thread, useThread } from "./useThread.ts";

export interface ThreadPanelProps {
  readonly client: Client;
  readonly room: Room;
  /** The offset of the first message of the thread. */
  readonly root: number;
  readonly stores: Stores;
  readonly actions: EntryActions;
  readonly most: number;
  readonly names: readonly string[];
  onJump(offset: number): void;
  onClose(): void;
}

/** A message, all replies to it, and a field for one more. */
export function ThreadPanel({ root, onClose, ...props }: ThreadPanelProps) {
  const { thread: texts, settings } = useAllTexts();
  const { client, room } = props;
  const thread = useThread(client, room, root);
  const [answered, setAnswered] = useState<MessageRow | null>(null);
  const actions = useMemo(() => ({ ...props.actions, reply: setAnswered }), [props.actions]);
  return (
    <>
      <div className={styles.head}>
        <h2>{texts.title}</h2>
        <button
          className={buttons.icon}
          type="button"
          aria-label={settings.close}
          onClick={onClose}
        >
          <Icon name="close" />
        </button>
      </div>
      <Replies thread={thread} {...props} actions={actions} />
      <ReplyField key={root} {...{ root, answered }} {...props} onDone={() => setAnswered(null)} />
    </>
  );
}

type RepliesProps = Omit<ThreadPanelProps, "root" | "onClose"> & { readonly thread: Thread };

function Replies({ thread, client, actions, names, onJump }: RepliesProps) {
  const { thread: texts } = useAllTexts();
  const user = client.user ?? "";
  const items = useMemo(() => groupRows(thread.rows, user), [thread.rows, user]);
  const list = useRef<HTMLDivElement>(null);
  const last = thread.rows.at(-1)?.id;
  // biome-ignore lint/correctness/useExhaustiveDependencies: another last reply is shown
  useEffect(() => {
    if (list.current !== null) list.current.scrollTop = list.current.scrollHeight;
  }, [last]);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable area must be reachable by keyboard
    <section ref={list} className={styles.replies} aria-label={texts.title} tabIndex={0}>
      {thread.before !== null && (
        <button className={buttons.usual} type="button" onClick={thread.more}>
          {texts.older}
        </button>
      )}
      {thread.state === "failed" && (
        <p className={styles.note} role="alert">
          {texts.failed}{" "}
          <button className={buttons.usual} type="button" onClick={thread.more}>
            {texts.again}
          </button>
        </p>
      )}
      <ol className={styles.list}>
        {items.map(
          (item) =>
            item.kind === "row" && (
              <Entry
                key={item.id}
                row={item.row}
                leads={item.leads}
                highlighted={false}
                deleting={false}
                quoted={undefined}
                {...{ user, names, actions, onJump }}
              />
            ),
        )}
      </ol>
    </section>
  );
}

interface FieldProps extends Omit<ThreadPanelProps, "actions" | "onJump" | "onClose" | "client"> {
  /** The message of the thread that is replied to; null for the first one. */
  readonly answered: MessageRow | null;
  /** Reply to the first one again. */
  onDone(): void;
}

function ReplyField({ room, root, stores, most, names, answered, onDone }: FieldProps) {
  const { thread: texts } = useAllTexts();
  const field = useRef<HTMLTextAreaElement>(null);
  // No room has such a name.
  const [draft, setDraft] = useDraft(stores, `${room.name}\n${root}`);
  const send = useSending(room, setDraft);
  useEffect(() => {
    if (answered !== null) field.current?.focus();
  }, [answered]);
  const submit = (words: string) => {
    const epoch = room.snapshot.position?.epoch;
    const to = answered === null ? epoch && { epoch, offset: root } : positionOf(answered);
    if (!to) return;
    setDraft("");
    send(words, to);
    onDone();
  };
  const onKey = (key: string) => {
    if (key !== "Escape" || answered === null) return false;
    onDone();
    return true;
  };
  return (
    <>
      {answered !== null && <ModeBar mode={{ kind: "reply", row: answered }} onCancel={onDone} />}
      <Composer
        {...{ most, names, field, onKey }}
        room={texts.title}
        text={draft}
        onText={setDraft}
        onSend={submit}
      />
    </>
  );
}
