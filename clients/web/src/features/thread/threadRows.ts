/** The rows of a thread: the pages that were loaded, what came since, and own messages that were not stored yet. */
import type { Client, Message, MessageRow, RoomSnapshot, Row } from "@hubbub/client";

export function threadRows(
  loaded: readonly Message[],
  { rows, position }: RoomSnapshot,
  root: number,
  wrote: Client["wrote"],
): readonly Row[] {
  const epoch = position?.epoch ?? "";
  const stored = rows.filter((row) => isIn(row, root, epoch));
  const inThread = new Set([root, ...loaded.map(({ offset }) => offset), ...stored.map(offsetOf)]);
  const isAnswer = (row: Row) => row.kind === "own" && inThread.has(row.replyTo?.offset ?? null);
  const known = rows.filter((row) => isAnswer(row) || isIn(row, root, epoch));
  const byOffset = new Map(known.map((row) => [offsetOf(row), row]));
  const first = loaded[0]?.offset ?? 0;
  const offsets = new Set(loaded.map(({ offset }) => offset));
  // The room's own rows are newer: they have the changes since the page was read.
  const before = loaded.map(
    (message) => byOffset.get(message.offset) ?? rowOf(message, epoch, wrote),
  );
  const since = known.filter((row) => {
    const offset = offsetOf(row);
    return offset === null || (offset > first && !offsets.has(offset));
  });
  return [...before, ...since].map((row) => alone(row, root));
}

function isIn(row: Row, root: number, epoch: string): boolean {
  if (row.kind !== "message") return false;
  const { offset, thread, reply_to } = row.message;
  return row.epoch === epoch && (offset === root || (thread ?? reply_to) === root);
}

function offsetOf(row: Row): number | null {
  return row.kind === "message" ? row.message.offset : null;
}

function rowOf(message: Message, epoch: string, wrote: Client["wrote"]): MessageRow {
  return { kind: "message", id: `${epoch} ${message.offset}`, epoch, message, own: wrote(message) };
}

/** In its thread, a message does not say to what it replies, nor how many reply to it. */
function alone(row: Row, root: number): Row {
  if (row.kind === "gap") return row;
  if (row.kind === "own") {
    const { replyTo: _, ...own } = row;
    return own;
  }
  const { replies: _, reply_to, ...message } = row.message;
  const other = reply_to === undefined || reply_to === root ? {} : { reply_to };
  return { ...row, message: { ...message, ...other } };
}
