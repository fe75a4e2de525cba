import type { MessageRow, OwnRow, Room, Row } from "@hubbub/client";
import { memo } from "react";
import { Avatar } from "../../ui/Avatar.tsx";
import { hueStyle } from "../../ui/hue.ts";
import { timeOfDay, wholeMoment } from "../../ui/times.ts";
import { sendErrorText } from "../sendErrors/sendErrors.ts";
import styles from "./Entry.module.css";
import { pieces } from "./links.ts";

interface Props {
  readonly row: Row;
  readonly leads: boolean;
  readonly user: string;
  readonly room: Room;
}

/** One row of the list. An own message keeps its element when it arrives in the room. */
export const Entry = memo(function Entry({ row, leads, user, room }: Props) {
  if (row.kind === "gap")
    return (
      <li className={styles.gap}>Some messages are missing here: the server no longer has them.</li>
    );
  const { author, at, text } = partsOf(row, user);
  return (
    <li className={styles.entry} data-leads={leads} data-state={stateOf(row)}>
      {leads && <Head author={author} at={at} />}
      {!leads && <Time at={at} className={styles.aside} />}
      {!leads && <span className={styles.hidden}>{author}</span>}
      <p className={styles.text} dir="auto">
        <Text text={text} />
      </p>
      {row.kind === "own" && <SendState row={row} room={room} />}
    </li>
  );
});

function partsOf(row: MessageRow | OwnRow, user: string) {
  if (row.kind === "own") return { author: user, at: row.at, text: row.text };
  return { author: row.message.user, at: row.message.at, text: row.message.text };
}

function stateOf(row: MessageRow | OwnRow): string {
  return row.kind === "own" ? row.state : "there";
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
  return (
    <time className={className} dateTime={new Date(at).toISOString()} title={wholeMoment(at)}>
      {timeOfDay(at)}
    </time>
  );
}

function Text({ text }: { readonly text: string }) {
  return pieces(text).map((piece, at) =>
    piece.kind === "text" ? (
      piece.text
    ) : (
      <a
        // biome-ignore lint/suspicious/noArrayIndexKey: the pieces of a text never move
        key={at}
        href={piece.href}
        target="_blank"
        rel="noopener noreferrer nofollow"
      >
        {piece.text}
      </a>
    ),
  );
}

/** The state of an own message, and the actions for a failed one. */
function SendState({ row, room }: { readonly row: OwnRow; readonly room: Room }) {
  if (row.state !== "failed")
    return <p className={styles.sendState}>{row.state === "sent" ? "Sent" : "Sending…"}</p>;
  return (
    <p className={styles.failed}>
      <span>Not sent: {sendErrorText(row.code ?? "", row.reason ?? "")}</span>
      <button type="button" className={styles.action} onClick={() => void room.retry(row.id)}>
        Retry
      </button>
      <button type="button" className={styles.action} onClick={() => room.discard(row.id)}>
        Delete
      </button>
    </p>
  );
}
