import { expect, test } from "vitest";
import { timeAgo } from "./timeAgo.ts";

const now = Date.UTC(2026, 5, 1, 12);
const minute = 60_000;
const day = 24 * 60 * minute;

test.each([
  [now + minute, "now"],
  [now - 59_000, "now"],
  [now - 3 * minute, "3 minutes ago"],
  [now - 119 * minute, "1 hour ago"],
  [now - day, "yesterday"],
  [now - 45 * day, "last month"],
  [now - 800 * day, "2 years ago"],
])("%s is %s", (at, words) => {
  expect(timeAgo(at, now, "en")).toBe(words);
});
