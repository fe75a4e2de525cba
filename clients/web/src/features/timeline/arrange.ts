/** Turns rows into what stands in the list: days, and messages that follow their author's last one closely. */
import type { Row } from "@hubbub/client";
import { dayOf } from "../../ui/times.ts";

const closely = 5 * 60_000;

export type Item =
  | { readonly kind: "day"; readonly id: string; readonly at: number }
  /** `leads`: it shows its author; those that don't follow one that does. */
  | { readonly kind: "row"; readonly id: string; readonly row: Row; readonly leads: boolean };

/** Arrange rows, oldest first; `user` wrote those that are on their way. */
export function arrange(rows: readonly Row[], user: string): Item[] {
  let before: Said = nobody;
  return rows.flatMap((row) => {
    const said = saidBy(row, user) ?? { ...before, user: "" };
    const items = arrangeOne(row, said, before);
    before = said;
    return items;
  });
}

function arrangeOne(row: Row, said: Said, before: Said): Item[] {
  const { id } = row;
  if (row.kind !== "gap" && dayOf(said.at) !== dayOf(before.at))
    return [
      { kind: "day", id: `day ${id}`, at: said.at },
      { kind: "row", id, row, leads: true },
    ];
  return [{ kind: "row", id, row, leads: !follows(said, before) }];
}

interface Said {
  readonly user: string;
  readonly at: number;
}

// No message is of that day.
const nobody: Said = { user: "", at: -8.64e15 };

function saidBy(row: Row, user: string): Said | null {
  if (row.kind === "gap") return null;
  if (row.kind === "own") return { user, at: row.at };
  return { user: row.message.user, at: row.message.at };
}

function follows(said: Said, before: Said): boolean {
  return said.user === before.user && said.at - before.at < closely;
}
