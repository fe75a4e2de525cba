import { expect, test } from "vitest";
import { plainText } from "./plainText.ts";

test("a text without its marks is one line", () => {
  expect(plainText("**Bold** and _slanted_\n- one\n- `two`\n> @bob\n```\nx = 1\n```")).toBe(
    "Bold and slanted one, two @bob x = 1",
  );
});
