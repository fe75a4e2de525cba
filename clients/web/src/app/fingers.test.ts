import { expect, test } from "vitest";
import { wayOf } from "./fingers.ts";

const from = { x: 100, y: 100 };

test.each([
  [{ x: 150, y: 110 }, "forth", "back"],
  [{ x: 50, y: 90 }, "back", "forth"],
  [{ x: 130, y: 100 }, null, null],
  [{ x: 150, y: 130 }, null, null],
  [{ x: 100, y: 180 }, null, null],
])("a finger at %o goes %s, and %s from right to left", (to, way, mirrored) => {
  expect(wayOf(from, to, false)).toBe(way);
  expect(wayOf(from, to, true)).toBe(mirrored);
});
