import type { Message, Room, Row } from "@hubbub/client";
import { expect, test } from "vitest";
import { loadUpTo } from "./seek.ts";

const hour = 3_600_000;

/** A room with messages 1 to `count`, an hour apart; the last `shown` are loaded, and pages have ten. */
function roomOf(count: number, shown: number): Room & { readonly pages: () => number } {
  let first = count - shown + 1;
  let pages = 0;
  const rowAt = (offset: number) =>
    ({ kind: "message", epoch: "e", message: { offset, at: offset * hour } as Message }) as Row;
  return {
    pages: () => pages,
    get snapshot() {
      const rows = Array.from({ length: count - first + 1 }, (_, at) => rowAt(first + at));
      return { state: "live", rows, position: { epoch: "e" }, beginning: first === 1 };
    },
    async loadOlder() {
      pages += 1;
      first = Math.max(1, first - 10);
      return { more: first > 1 };
    },
  } as unknown as Room & { readonly pages: () => number };
}

const { signal } = new AbortController();

test("a message is found by its offset, after as many pages as it needs", async () => {
  const room = roomOf(100, 10);
  expect((await loadUpTo(room, { offset: 75 }, signal))?.message.offset).toBe(75);
  expect(room.pages()).toBe(2);
});

test("the first message of a moment is found, and nothing more is loaded", async () => {
  const room = roomOf(100, 10);
  expect((await loadUpTo(room, { at: 74.5 * hour }, signal))?.message.offset).toBe(75);
  expect(room.pages()).toBe(2);
});

test("before the beginning it is the first message, and after the end there is none", async () => {
  expect((await loadUpTo(roomOf(100, 10), { at: 0 }, signal))?.message.offset).toBe(1);
  expect(await loadUpTo(roomOf(100, 10), { at: 101 * hour }, signal)).toBeNull();
});

test("a seek that is stopped finds nothing", async () => {
  const room = roomOf(100, 10);
  expect(await loadUpTo(room, { offset: 1 }, AbortSignal.abort())).toBeNull();
  expect(room.pages()).toBe(0);
});
