import { expect, test } from "vitest";
import { matching } from "./search.ts";

const rooms = ["general", "design", "the design team", "Ångström", "sign-ups"].map((name) => ({
  name,
}));
const found = (words: string) => matching(rooms, words).map(({ name }) => name);

test("the start of a name is better than the start of a word, and that than letters within it", () => {
  expect(found("design")).toEqual(["design", "the design team"]);
  expect(found("sign")).toEqual(["sign-ups", "design", "the design team"]);
  expect(found("gl")).toEqual(["general"]);
});

test("case and marks are ignored, and no words find all", () => {
  expect(found("angstrom")).toEqual(["Ångström"]);
  expect(found("")).toHaveLength(5);
  expect(found("xyz")).toEqual([]);
});
