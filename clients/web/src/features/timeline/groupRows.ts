/** Group rows for the list: days, the divider of what is unread, and consecutive messages of one author. */
import type { Row } from "@hubbub/client";
import type { ReadMark } from "../../stores/readMarks.ts";
import { dayOf } from "../../ui/times.ts";
import { isRead } from "../unread/unread.ts";
import type { PresenceNote } from "./presence.ts";

const closely = 5 * 60_000;

export type Item =
  | { readonly kind: "day"; readonly id: string; readonly at: number }
  | { readonly kind: "unread"; readonly id: string }
  | { readonly kind: "presence"; readonly id: string; readonly note: PresenceNote }
  /** `leads`: whether it shows its author. */
  | { readonly kind: "row"; readonly id: string; readonly row: Row; readonly leads: boolean };

/** Group rows, oldest first; `user` is the author of own messages. The divider is after the mark. */
export function groupRows(rows: readonly Row[], user: string, divider?: ReadMark): Item[] {
  let before: AuthorAndTime = noAuthor;
  const firstUnread = divider === undefined ? null : firstAfter(rows, divider);
  return rows.flatMap((row) => {
    const author = authorOf(row, user) ?? { ...before, user: "" };
    const items = groupRow(row, author, before, row.id === firstUnread);
    before = author;
    return items;
  });
}

function groupRow(
  row: Row,
  author: AuthorAndTime,
  before: AuthorAndTime,
  isUnread: boolean,
): Item[] {
  const { id } = row;
  const items: Item[] = [];
  if (row.kind !== "gap" && dayOf(author.at) !== dayOf(before.at))
    items.push({ kind: "day", id: `day ${id}`, at: author.at });
  if (isUnread) items.push({ kind: "unread", id: "unread" });
  const leads = items.length > 0 || !follows(author, before);
  return [...items, { kind: "row", id, row, leads }];
}

/** Find the first message of another user after the mark, if what was read is loaded too. */
function firstAfter(rows: readonly Row[], mark: ReadMark): string | null {
  const read = rows.findLastIndex((row) => row.kind === "message" && isRead(row, mark));
  if (read === -1 && mark.offset > 0) return null;
  const after = rows.slice(read + 1).find((row) => row.kind === "message" && !row.own);
  return after?.id ?? null;
}

/** Insert notes after their rows; those whose row is not shown are left out. */
export function withNotes(items: readonly Item[], notes: readonly PresenceNote[]): readonly Item[] {
  if (notes.length === 0) return items;
  const noteAfter = new Map(notes.map((note) => [note.after, note]));
  return items.flatMap((item): Item[] => {
    const note = noteAfter.get(item.id);
    return note === undefined ? [item] : [item, { kind: "presence", id: note.id, note }];
  });
}

interface AuthorAndTime {
  readonly user: string;
  readonly at: number;
}

// A day without messages.
const noAuthor: AuthorAndTime = { user: "", at: -8.64e15 };

function authorOf(row: Row, user: string): AuthorAndTime | null {
  if (row.kind === "gap") return null;
  if (row.kind === "own") return { user, at: row.at };
  if (row.message.event !== undefined) return { user: "", at: row.message.at };
  return { user: row.own ? user : (row.message.user_id ?? row.message.user), at: row.message.at };
}

function follows(author: AuthorAndTime, before: AuthorAndTime): boolean {
  return author.user === before.user && author.at - before.at < closely;
}
