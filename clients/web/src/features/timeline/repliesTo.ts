import type { MessageRow, OwnRow } from "@hubbub/client";

/** Return the offset of the message that this one replies to. */
export function repliesTo(row: MessageRow | OwnRow): number | undefined {
  return row.kind === "own" ? row.replyTo?.offset : row.message.reply_to;
}
