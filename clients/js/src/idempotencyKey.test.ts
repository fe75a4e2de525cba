import { expect, test } from "vitest";
import { newKey } from "./idempotencyKey.ts";

test("a key has 26 digits, and later keys sort after earlier ones", () => {
  expect(newKey()).toMatch(/^[0-9A-HJKMNP-TV-Z]{26}$/);
  expect(newKey(1_700_000_000_000).slice(0, 10)).toBe("01HF7YAT00");
  expect(newKey(1) < newKey(2)).toBe(true);
  expect(newKey(5)).not.toBe(newKey(5));
});
