/** What the user can do with a message. */
import type { Author, Message, MessageRow, OwnRow } from "@hubbub/client";

export interface EntryActions {
  /** Whether the server can do this (CN9). */
  can(feature: "reply" | "edit" | "delete" | "react" | "threads"): boolean;
  /** Whether the server still has it: it may be of before a restart. */
  isKept(row: MessageRow): boolean;
  /** Whether this is the user of the page. */
  isMe(author: Author): boolean;
  mentionsMe(message: Message): boolean;
  retry(row: OwnRow): void;
  discard(row: OwnRow): void;
  copyText(row: MessageRow | OwnRow): void;
  copyLink(row: MessageRow): void;
  reply(row: MessageRow): void;
  edit(row: MessageRow): void;
  /** Show the thread to which a message belongs. */
  thread(row: MessageRow): void;
  delete(row: MessageRow): void;
  /** Show who wrote it. */
  profile(author: Author): void;
  /** Ask for an emoji. */
  react(row: MessageRow): void;
  /** Add this reaction, or take it back. */
  toggle(row: MessageRow, emoji: string, on: boolean): void;
}
