import type { Message, MessageRow, OwnRow, RoomSnapshot, Row } from "@hubbub/client";
import { expect, test } from "vitest";
import { threadRows } from "./threadRows.ts";

function message(offset: number, more: Partial<Message> = {}): Message {
  const entry = { type: "message", room: "r", offset, prev: offset - 1, key: "k", at: 0 } as const;
  return { ...entry, user: "bob", text: `text ${offset}`, ...more };
}

function row(of: Message): MessageRow {
  return { kind: "message", id: `e ${of.offset}`, epoch: "e", message: of, own: false };
}

function snapshot(...rows: Row[]): RoomSnapshot {
  return { rows, position: { epoch: "e", offset: 99 } } as unknown as RoomSnapshot;
}

const texts = (rows: readonly Row[]) =>
  rows.map((one) =>
    one.kind === "gap" ? "gap" : one.kind === "own" ? one.text : one.message.text,
  );

test("what was loaded is joined with what came since, each once and as it is now", () => {
  const own: OwnRow = {
    ...{ kind: "own", id: "x", text: "mine", at: 0, state: "sending" },
    replyTo: { epoch: "e", offset: 1 },
  };
  const toReply: OwnRow = { ...own, id: "y", text: "too", replyTo: { epoch: "e", offset: 5 } };
  const elsewhere: OwnRow = { ...own, id: "z", replyTo: { epoch: "e", offset: 4 } };
  const rows = snapshot(
    row(message(3, { reply_to: 1, text: "edited" })),
    row(message(4)),
    row(message(5, { reply_to: 3, thread: 1 })),
    own,
    toReply,
    elsewhere,
  );
  const loaded = [message(1), message(3, { reply_to: 1 })];
  const found = threadRows(loaded, rows, 1, () => false);
  expect(texts(found)).toEqual(["text 1", "edited", "text 5", "mine", "too"]);
});

test("a reply to the root shows no quote, one to another reply does", () => {
  const loaded = [
    message(1, { replies: { count: 2, last: 3 } }),
    message(2, { reply_to: 1 }),
    message(3, { reply_to: 2, thread: 1 }),
  ];
  const found = threadRows(loaded, snapshot(), 1, () => false);
  const messages = found.map((one) => (one.kind === "message" ? one.message : null));
  expect(messages[0]?.replies).toBeUndefined();
  expect(messages.map((one) => one?.reply_to)).toEqual([undefined, undefined, 2]);
});
