import type { MessageRow, OwnRow, Row } from "@hubbub/client";
import { memo } from "react";
import { useTexts } from "../../i18n/language.tsx";
import { Avatar } from "../../ui/Avatar.tsx";
import { hueStyle } from "../../ui/hue.ts";
import { timeOfDay, wholeMoment } from "../../ui/times.ts";
import { Markup } from "../markup/Markup.tsx";
import { later, laterShown } from "../parts/later.ts";
import { useSendErrorText } from "../sendErrors/sendErrors.ts";
import type { ActionBar } from "./ActionBar.tsx";
import styles from "./Entry.module.css";
import type { EntryActions } from "./entryActions.ts";
import { repliesTo } from "./repliesTo.ts";
import { useActive } from "./useActive.ts";

const MessageFiles = laterShown(() => import("../files/MessageFiles.tsx"));
const Quote = laterShown(() => import("./Quote.tsx"));
const Reactions = laterShown(() => import("./Reactions.tsx"));
const EventLine = laterShown(() => import("./EventLine.tsx"));
const useActionBar = later(() => import("./ActionBar.tsx"));

interface Props {
  readonly row: Row;
  readonly leads: boolean;
  /** Whether the user came here by a link. */
  readonly highlighted: boolean;
  /** Whether the user is deleting it, and may still undo that. */
  readonly deleting: boolean;
  /** The message that it replies to, if it is loaded. */
  readonly quoted: MessageRow | undefined;
  readonly user: string;
  readonly names: readonly string[];
  readonly actions: EntryActions;
  onJump(offset: number): void;
}

/** One row of the list. An own message keeps its element when it arrives in the room. */
export const Entry = memo(function Entry({ row, ...props }: Props) {
  const { list } = useTexts();
  if (row.kind === "gap")
    return <li className={styles.gap}>{row.restart ? list.restarted : list.gap}</li>;
  if (row.kind === "message" && row.message.event !== undefined) return <EventLine row={row} />;
  return <MessageEntry row={row} {...props} />;
});

type MessageProps = Props & { readonly row: MessageRow | OwnRow };

function MessageEntry({ row, leads, highlighted, deleting, ...props }: MessageProps) {
  const { author, at, own } = partsOf(row, props.user);
  const [active, handlers] = useActive();
  const message = row.kind === "message" ? row.message : null;
  const isDeleted = deleting || message?.deleted !== undefined;
  return (
    <li
      className={styles.entry}
      data-leads={leads}
      data-own={own}
      data-state={row.kind === "own" ? row.state : "there"}
      data-mentions={!own && !isDeleted && message !== null && props.actions.mentionsMe(message)}
      data-highlighted={highlighted}
      data-row={row.id}
      data-offset={offsetOf(row)}
      tabIndex={-1}
      {...handlers}
    >
      {leads ? (
        <Head row={row} author={author} at={at} actions={props.actions} />
      ) : (
        <Aside author={author} at={at} />
      )}
      {repliesTo(row) && <Quote row={row} quoted={props.quoted} onJump={props.onJump} />}
      {isDeleted ? <Deleted /> : <Contents row={row} {...props} />}
      {active && !isDeleted && <Actions row={row} actions={props.actions} />}
    </li>
  );
}

interface ContentsProps extends Pick<Props, "user" | "names" | "actions"> {
  readonly row: MessageRow | OwnRow;
}

function Contents({ row, user, names, actions }: ContentsProps) {
  const { text, files } = partsOf(row, user);
  return (
    <>
      <Markup text={text} user={user} names={names} />
      {files && <MessageFiles files={files} />}
      {row.kind === "message" ? (
        <Added row={row} actions={actions} />
      ) : (
        <SendState row={row} actions={actions} />
      )}
    </>
  );
}

function offsetOf(row: MessageRow | OwnRow): number | undefined {
  return row.kind === "message" ? row.message.offset : undefined;
}

function Deleted() {
  return (
    <p className={styles.deleted} dir="auto">
      {useTexts().message.deleted}
    </p>
  );
}

/** What others added to a message, and that its author edited it. */
function Added({ row, actions }: { readonly row: MessageRow; readonly actions: EntryActions }) {
  const { message, locale } = useTexts();
  const { edited, reactions, replies } = row.message;
  return (
    <>
      {edited !== undefined && (
        <span className={styles.edited} title={wholeMoment(edited, locale)}>
          {message.edited}
        </span>
      )}
      {reactions !== undefined && <Reactions row={row} actions={actions} />}
      {replies !== undefined && (
        <button className={styles.replies} type="button" onClick={() => actions.thread(row)}>
          {message.replies(replies.count)}
        </button>
      )}
    </>
  );
}

export function partsOf(row: MessageRow | OwnRow, user: string) {
  if (row.kind === "own") return { ...row, author: user, own: true };
  const { message, own } = row;
  return { ...message, author: message.user, own };
}

interface HeadProps extends Pick<Props, "actions"> {
  readonly row: MessageRow | OwnRow;
  readonly author: string;
  readonly at: number;
}

/** Who wrote it, and when. The name leads to the author's card. */
function Head({ row, author, at, actions }: HeadProps) {
  const show = () => actions.profile(row.kind === "message" ? row.message : { user: author });
  return (
    <div className={styles.head}>
      <button className={styles.who} type="button" tabIndex={-1} onClick={show}>
        <Avatar name={author} />
        <bdi className={styles.author} style={hueStyle(author)}>
          {author}
        </bdi>
      </button>
      <Time at={at} className={styles.time} />
    </div>
  );
}

/** The author and the time of a message below another one of the author. */
function Aside({ author, at }: { readonly author: string; readonly at: number }) {
  return (
    <>
      <Time at={at} className={styles.aside} />
      <span className={styles.hidden}>{author}</span>
    </>
  );
}

function Time({ at, className }: { readonly at: number; readonly className: string | undefined }) {
  const { locale } = useTexts();
  return (
    <time
      className={className}
      dateTime={new Date(at).toISOString()}
      title={wholeMoment(at, locale)}
    >
      {timeOfDay(at, locale)}
    </time>
  );
}

/** The state of an own message, and the actions for a failed one. */
function SendState({ row, actions }: { readonly row: OwnRow; readonly actions: EntryActions }) {
  const { message } = useTexts();
  const errorText = useSendErrorText();
  const { state, code, reason = "" } = row;
  if (code === undefined)
    return <p className={styles.sendState}>{state === "sent" ? message.sent : message.sending}</p>;
  const words = state === "failed" ? message.notSent : message.waits;
  return (
    <p className={state === "failed" ? styles.failed : styles.waits}>
      <span>{words(errorText(code, reason))}</span>
      {state === "failed" && (
        <button type="button" className={styles.action} onClick={() => actions.retry(row)}>
          {message.retry}
        </button>
      )}
      <button type="button" className={styles.action} onClick={() => actions.discard(row)}>
        {message.delete}
      </button>
    </p>
  );
}

/** The actions of a message, once their part is loaded. */
function Actions(props: Parameters<typeof ActionBar>[0]) {
  const part = useActionBar();
  return part && <part.ActionBar {...props} />;
}
