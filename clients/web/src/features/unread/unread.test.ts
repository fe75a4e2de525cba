import type { MessageRow } from "@hubbub/client";
import { expect, test } from "vitest";
import { laterMark } from "../../stores/readMarks.ts";
import { nothingUnread, unreadOf } from "./unread.ts";

const ann = { user: "ann", id: null };

function row(offset: number, text = "hi", user = "bob", epoch = "e"): MessageRow {
  const message = {
    type: "message",
    room: "r",
    offset,
    prev: offset - 1,
    key: "k",
    at: 0,
  } as const;
  const own = user === "ann";
  return {
    kind: "message",
    id: `${epoch} ${offset}`,
    epoch,
    own,
    message: { ...message, user, text },
  };
}

test("what others wrote after the mark is unread", () => {
  const rows = [row(1), row(2), row(3, "@Ann look"), row(4)];
  expect(unreadOf(rows, { epoch: "e", offset: 2 }, ann)).toMatchObject({
    count: 2,
    mentions: 1,
    more: false,
    first: { message: { offset: 3 } },
  });
  expect(unreadOf(rows, { epoch: "e", offset: 4 }, ann)).toEqual(nothingUnread);
});

test("a room without a mark is read, and an own message reads what was before it", () => {
  expect(unreadOf([row(1)], undefined, ann)).toEqual(nothingUnread);
  expect(unreadOf([row(1), row(2, "x", "ann")], { epoch: "e", offset: 0 }, ann).count).toBe(0);
});

test("there is more than what is loaded, unless the room begins there", () => {
  expect(unreadOf([row(7), row(8)], { epoch: "e", offset: 2 }, ann).more).toBe(true);
  expect(unreadOf([row(7), row(8)], { epoch: "e", offset: 2 }, ann, { beginning: true }).more).toBe(
    false,
  );
  // The room was empty when the user joined it.
  expect(unreadOf([row(1)], { epoch: "unwritten", offset: 0 }, ann).more).toBe(false);
});

test("a mark moves forward, and to another epoch", () => {
  expect(laterMark({ epoch: "e", offset: 5 }, { epoch: "e", offset: 3 }).offset).toBe(5);
  expect(laterMark({ epoch: "e", offset: 5 }, { epoch: "f", offset: 1 })).toEqual({
    epoch: "f",
    offset: 1,
  });
});

test("where not all is loaded, the server's count and what came after it are the number", () => {
  const mark = { epoch: "e", offset: 2 };
  const rows = [row(70), row(71), row(72)];
  const counted = { mark, unread: 60, mentions: 2, upTo: 71 };
  expect(unreadOf(rows, mark, ann, { counted })).toMatchObject({
    count: 61,
    mentions: 2,
    more: false,
  });
  const many = { mark, unread: 100, mentions: 0, upTo: 72 };
  expect(unreadOf(rows, mark, ann, { counted: many })).toMatchObject({ count: 100, more: true });
  const other = { mark: { epoch: "e", offset: 1 }, unread: 9, mentions: 0, upTo: 71 };
  expect(unreadOf(rows, mark, ann, { counted: other })).toMatchObject({ count: 3, more: true });
});

test("a deleted message is not unread", () => {
  const gone = row(2);
  const deleted = { ...gone, message: { ...gone.message, deleted: { user: "bob", at: 0 } } };
  expect(unreadOf([row(1), deleted], { epoch: "e", offset: 1 }, ann).count).toBe(0);
});

test("a server that finds mentions says whom a message mentions", () => {
  const me = { user: "ann", id: "a1" };
  const named = row(2);
  const rows = [
    row(1, "@ann in code"),
    { ...named, message: { ...named.message, mentions: ["a1"] } },
  ];
  expect(unreadOf(rows, { epoch: "e", offset: 0 }, me)).toMatchObject({ count: 2, mentions: 1 });
});
