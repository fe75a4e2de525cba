import { beforeAll, expect, test, vi } from "vitest";
import { loadEmoji, setEmojiSource } from "../emoji/data.ts";
import { completionAt } from "./completion.ts";

const names = ["ann", "Anna Smith", "bob"];
const labels = (text: string, cursor = text.length) =>
  completionAt(text, cursor, names)?.suggestions.map(({ label }) => label) ?? null;

beforeAll(() => {
  vi.stubGlobal("fetch", () => Promise.resolve(Response.json({ activities: ["🎉 tada party"] })));
  setEmojiSource("/emoji.json");
  return loadEmoji();
});

test("a name is completed after @, also by its second word", () => {
  expect(labels("hi @an")).toEqual(["ann", "Anna Smith"]);
  expect(labels("@smi")).toEqual(["Anna Smith"]);
  expect(labels("@")).toEqual(names);
  expect(labels("mail@an")).toBeNull();
  expect(labels("@nobody")).toBeNull();
});

test("a name that is complete is not completed, unless it begins another one", () => {
  expect(labels("hi @bob")).toBeNull();
  expect(labels("hi @BOB")).toEqual(["bob"]);
  expect(labels("hi @ann")).toEqual(["ann", "Anna Smith"]);
});

test("an emoji is completed after two letters", () => {
  expect(completionAt("so :tad", 7, names)).toEqual({
    from: 3,
    to: 7,
    suggestions: [{ label: ":tada:", sign: "🎉", insert: "🎉 " }],
  });
  expect(labels("so :t")).toBeNull();
  expect(labels("12:30")).toBeNull();
});

test("only what is before the cursor counts", () => {
  expect(labels("hi @an and more", 6)).toEqual(["ann", "Anna Smith"]);
  expect(labels("hi @ann ")).toBeNull();
});
