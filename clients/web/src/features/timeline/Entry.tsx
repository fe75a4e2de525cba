import type { MessageRow, OwnRow, Row } from "@hubbub/client";
import { memo } from "react";
import { type Texts, useTexts } from "../../i18n/language.tsx";
import { Avatar } from "../../ui/Avatar.tsx";
import { hueStyle } from "../../ui/hue.ts";
import { timeOfDay, wholeMoment } from "../../ui/times.ts";
import { Markup } from "../markup/Markup.tsx";
import { mentions } from "../markup/mentions.ts";
import { sendErrorText } from "../sendErrors/sendErrors.ts";
import { ActionBar } from "./ActionBar.tsx";
import styles from "./Entry.module.css";
import { useActive } from "./useActive.ts";

/** What the user can do with a message. */
export interface EntryActions {
  retry(row: OwnRow): void;
  discard(row: OwnRow): void;
  copyText(row: MessageRow | OwnRow): void;
  copyLink(row: MessageRow): void;
}

interface Props {
  readonly row: Row;
  readonly leads: boolean;
  /** Whether the user came here by a link. */
  readonly highlighted: boolean;
  readonly user: string;
  readonly names: readonly string[];
  readonly actions: EntryActions;
}

/** One row of the list. An own message keeps its element when it arrives in the room. */
export const Entry = memo(function Entry({ row, ...props }: Props) {
  const { list } = useTexts();
  if (row.kind === "gap") return <li className={styles.gap}>{list.gap}</li>;
  return <MessageEntry row={row} {...props} />;
});

function MessageEntry({
  row,
  leads,
  highlighted,
  user,
  names,
  actions,
}: Props & { readonly row: MessageRow | OwnRow }) {
  const { author, at, text, own } = partsOf(row, user);
  const [active, handlers] = useActive();
  return (
    <li
      className={styles.entry}
      data-leads={leads}
      data-own={own}
      data-state={row.kind === "own" ? row.state : "there"}
      data-mentions={!own && mentions(text, user)}
      data-highlighted={highlighted}
      data-row={row.id}
      data-offset={row.kind === "message" ? row.message.offset : undefined}
      tabIndex={-1}
      {...handlers}
    >
      {leads && <Head author={author} at={at} />}
      {!leads && <Time at={at} className={styles.aside} />}
      {!leads && <span className={styles.hidden}>{author}</span>}
      <Markup text={text} user={user} names={names} />
      <ChangeMark row={row} />
      {row.kind === "own" && <SendState row={row} actions={actions} />}
      {active && <ActionBar row={row} actions={actions} />}
    </li>
  );
}

export function partsOf(row: MessageRow | OwnRow, user: string) {
  if (row.kind === "own") return { author: user, at: row.at, text: row.text, own: true };
  const { message, own } = row;
  return { author: message.user, at: message.at, text: message.text, own };
}

/** Whether a message was deleted or edited. */
function ChangeMark({ row }: { readonly row: MessageRow | OwnRow }) {
  const { list } = useTexts();
  if (row.kind === "own") return null;
  const { deleted, edited } = row.message;
  if (deleted === undefined && edited === undefined) return null;
  return <p className={styles.sendState}>{deleted === undefined ? list.edited : list.deleted}</p>;
}

function Head({ author, at }: { readonly author: string; readonly at: number }) {
  return (
    <div className={styles.head}>
      <Avatar name={author} />
      <bdi className={styles.author} style={hueStyle(author)}>
        {author}
      </bdi>
      <Time at={at} className={styles.time} />
    </div>
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
  const texts: Texts = useTexts();
  const { message } = texts;
  if (row.state !== "failed")
    return (
      <p className={styles.sendState}>{row.state === "sent" ? message.sent : message.sending}</p>
    );
  return (
    <p className={styles.failed}>
      <span>{message.notSent(sendErrorText(texts, row.code ?? "", row.reason ?? ""))}</span>
      <button type="button" className={styles.action} onClick={() => actions.retry(row)}>
        {message.retry}
      </button>
      <button type="button" className={styles.action} onClick={() => actions.discard(row)}>
        {message.delete}
      </button>
    </p>
  );
}
