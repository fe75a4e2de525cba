/** Group rows for the list: days, and consecutive messages of one author. */
import type { Row } from "@hubbub/client";
import { dayOf } from "../../ui/times.ts";

const closely = 5 * 60_000;

export type Item =
  | { readonly kind: "day"; readonly id: string; readonly at: number }
  /** `leads`: whether it shows its author. */
  | { readonly kind: "row"; readonly id: string; readonly row: Row; readonly leads: boolean };

/** Group rows, oldest first; `user` is the author of own messages. */
export function groupRows(rows: readonly Row[], user: string): Item[] {
  let before: AuthorAndTime = noAuthor;
  return rows.flatMap((row) => {
    const author = authorOf(row, user) ?? { ...before, user: "" };
    const items = groupRow(row, author, before);
    before = author;
    return items;
  });
}

function groupRow(row: Row, author: AuthorAndTime, before: AuthorAndTime): Item[] {
  const { id } = row;
  if (row.kind !== "gap" && dayOf(author.at) !== dayOf(before.at))
    return [
      { kind: "day", id: `day ${id}`, at: author.at },
      { kind: "row", id, row, leads: true },
    ];
  return [{ kind: "row", id, row, leads: !follows(author, before) }];
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
  return { user: row.message.user, at: row.message.at };
}

function follows(author: AuthorAndTime, before: AuthorAndTime): boolean {
  return author.user === before.user && author.at - before.at < closely;
}
