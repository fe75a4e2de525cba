import { expect, test } from "vitest";
import { ulid } from "./ulid.ts";

test("a key is 26 digits, and later ones sort behind earlier ones", () => {
  expect(ulid()).toMatch(/^[0-9A-HJKMNP-TV-Z]{26}$/);
  expect(ulid(1_700_000_000_000).slice(0, 10)).toBe("01HF7YAT00");
  expect(ulid(1) < ulid(2)).toBe(true);
  expect(ulid(5)).not.toBe(ulid(5));
});
