/** What the user has not read in a room. The counts, the divider and the title are made from this. */
import type { MessageRow, Row } from "@hubbub/client";
import type { ReadMark, ServerCount } from "../../stores/readMarks.ts";
import { type Me, mentionsUser } from "../markup/mentions.ts";

export interface Unread {
  readonly count: number;
  readonly mentions: number;
  /** Whether there are more than counted. */
  readonly more: boolean;
  /** Whether older messages, which are not loaded, are unread too. */
  readonly older: boolean;
  /** The oldest unread message. */
  readonly first: MessageRow | null;
}

interface UnreadOptions {
  /** Whether the first row is the first message of the room. */
  readonly beginning?: boolean;
  /** What the server counted, for a user with a token. */
  readonly counted?: ServerCount | undefined;
}

export const nothingUnread: Unread = {
  count: 0,
  mentions: 0,
  more: false,
  older: false,
  first: null,
};

/** Count what others wrote after the mark, and after the last own message: who answers has read. */
export function unreadOf(
  rows: readonly Row[],
  mark: ReadMark | undefined,
  me: Me,
  { beginning = false, counted }: UnreadOptions = {},
): Unread {
  if (mark === undefined) return nothingUnread;
  const isEnd = (row: Row) => row.kind === "message" && (row.own || isRead(row, mark));
  const read = rows.findLastIndex(isEnd);
  // Most rooms are read to the end, and then nothing is copied.
  if (read === rows.length - 1) return nothingUnread;
  const news = rows.slice(read + 1).filter(isShown);
  const older = news.length > 0 && read === -1 && !beginning && mark.offset > 0;
  return {
    ...countOf(news, older, me, isOf(counted, mark) ? counted : undefined),
    older,
    first: news[0] ?? null,
  };
}

/** The server counts so many at most. */
const mostCounted = 100;

/** If not all is loaded, it is what the server counted, and what came after that. */
function countOf(news: readonly MessageRow[], older: boolean, me: Me, counted?: ServerCount) {
  const mentionsIn = (rows: readonly MessageRow[]) =>
    rows.filter(({ message }) => mentionsUser(message, me)).length;
  if (!older || counted === undefined)
    return { count: news.length, mentions: mentionsIn(news), more: older };
  const later = news.filter(({ message }) => message.offset > counted.upTo);
  return {
    count: counted.unread + later.length,
    mentions: counted.mentions + mentionsIn(later),
    more: counted.unread >= mostCounted,
  };
}

function isOf(counted: ServerCount | undefined, mark: ReadMark): counted is ServerCount {
  return counted?.mark.epoch === mark.epoch && counted.mark.offset === mark.offset;
}

function isShown(row: Row): row is MessageRow {
  return row.kind === "message" && row.message.deleted === undefined;
}

export function isRead({ epoch, message }: MessageRow, mark: ReadMark): boolean {
  return epoch === mark.epoch && message.offset <= mark.offset;
}
