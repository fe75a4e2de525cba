import { expect, test } from "vitest";
import { sends } from "./enterKey.ts";

const enter = { key: "Enter", shiftKey: false, keyCode: 13, isComposing: false };

test("Enter sends, Shift+Enter does not", () => {
  expect(sends(enter)).toBe(true);
  expect(sends({ ...enter, shiftKey: true })).toBe(false);
  expect(sends({ ...enter, key: "a" })).toBe(false);
});

test("the Enter that ends a composition sends nothing, in any browser", () => {
  expect(sends({ ...enter, isComposing: true })).toBe(false);
  expect(sends({ ...enter, keyCode: 229 })).toBe(false);
});
