/** What the user has not read in a room. The counts, the divider and the title are made from this. */
import type { MessageRow, Row } from "@hubbub/client";
import type { ReadMark } from "../../stores/readMarks.ts";
import { mentions } from "../markup/mentions.ts";

export interface Unread {
  readonly count: number;
  readonly mentions: number;
  /** Whether older messages, which are not loaded, are unread too. */
  readonly more: boolean;
  /** The oldest unread message. */
  readonly first: MessageRow | null;
}

export const nothingUnread: Unread = { count: 0, mentions: 0, more: false, first: null };

/** Count what others wrote after the mark, and after the last own message: who answers has read. */
export function unreadOf(
  rows: readonly Row[],
  mark: ReadMark | undefined,
  user: string,
  beginning = false,
): Unread {
  if (mark === undefined) return nothingUnread;
  const isEnd = (row: Row) => row.kind === "message" && (row.own || isRead(row, mark));
  const read = rows.findLastIndex(isEnd);
  // Most rooms are read to the end, and then nothing is copied.
  if (read === rows.length - 1) return nothingUnread;
  const news = rows.slice(read + 1).filter((row) => row.kind === "message");
  return {
    count: news.length,
    mentions: news.filter(({ message }) => mentions(message.text, user)).length,
    more: news.length > 0 && read === -1 && !beginning && mark.offset > 0,
    first: news[0] ?? null,
  };
}

export function isRead({ epoch, message }: MessageRow, mark: ReadMark): boolean {
  return epoch === mark.epoch && message.offset <= mark.offset;
}
