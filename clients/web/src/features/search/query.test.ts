import { expect, test } from "vitest";
import { filterOf } from "./filterOf.ts";
import { highlight } from "./highlight.ts";
import { readQuery } from "./query.ts";

const marked = (text: string, query: string) =>
  highlight(text, readQuery(query).words)
    .map((piece) => (piece.hit ? `[${piece.text}]` : piece.text))
    .join("");

test("a room is taken out of the query, and filters are not highlighted", () => {
  const { query, room, words } = readQuery('release in:#ops from:"Ann Lee" has:link');
  expect(query).toBe('release from:"Ann Lee" has:link');
  expect(room).toBe("ops");
  expect(words).toEqual([{ text: "release", open: false }]);
});

test("a room with spaces is quoted", () => {
  expect(readQuery('in:"the den" hi').room).toBe("the den");
  expect(filterOf("in", "the den")).toBe('in:"the den"');
  expect(filterOf("from", "ann")).toBe("from:ann");
});

test("whole words are highlighted, whatever their case and accents", () => {
  expect(marked("Der Café ist zu, cafés nicht", "CAFE")).toBe("Der [Café] ist zu, cafés nicht");
  expect(marked("a CAFE\u0301!", "café")).toBe("a [CAFE\u0301]!");
});

test("a beginning is highlighted in longer words", () => {
  expect(marked("deploy deployed redeploy", "deploy*")).toBe("[deploy] [deploy]ed redeploy");
});

test("the words of a phrase are highlighted", () => {
  expect(marked("the quick fox", '"quick fox"')).toBe("the [quick] [fox]");
});

test("Japanese is highlighted without spaces, and keeps its marks", () => {
  expect(marked("今日は東京が暑い", "東京")).toBe("今日は[東京]が暑い");
  expect(marked("かがく", "が")).toBe("か[が]く");
});

test("a long text is shown from a bit before the first hit", () => {
  const text = `${"word ".repeat(100)}needle ${"more ".repeat(100)}`;
  const shown = marked(text, "needle");
  expect(shown).toMatch(/^… (word )+\[needle\] /);
  expect(shown).toMatch(/ …$/);
  expect(shown.length).toBeLessThan(300);
});

test("markup and patterns in a query are text", () => {
  expect(marked("1 < 2 (really)", "<b> ( [x")).toBe("1 < 2 (really)");
});
