import { expect, test } from "vitest";
import { type PresenceNote, withPresence } from "./presence.ts";

const away: ReadonlySet<string> = new Set();
const members = (...names: string[]) => ({ count: names.length, names, more: false, away });

/** What is noted of a list of members after another, while the last row is `after`. */
function notesOf(...steps: readonly [names: readonly string[], after: string][]) {
  let [before, notes] = [members("me"), [] as readonly PresenceNote[]];
  for (const [names, after] of steps) {
    const now = members("me", ...names);
    notes = withPresence(notes, before, now, after);
    before = now;
  }
  return notes.map(({ joined, left, after }) => ({ after, joined, left }));
}

test("several who join and leave between two messages are one note", () => {
  expect(notesOf([["ann"], "m1"], [["ann", "bob"], "m1"], [["bob", "cat"], "m1"])).toEqual([
    { after: "m1", joined: ["bob", "cat"], left: [] },
  ]);
});

test("after a message there is a new note", () => {
  expect(notesOf([["ann"], "m1"], [[], "m2"])).toEqual([
    { after: "m1", joined: ["ann"], left: [] },
    { after: "m2", joined: [], left: ["ann"] },
  ]);
});

test("who comes and goes at once leaves no note", () => {
  expect(notesOf([["ann"], "m1"], [[], "m1"])).toEqual([]);
});

test("the first list, and the lists of large rooms, are no news", () => {
  expect(withPresence([], members(), members("ann"), "m1")).toEqual([]);
  const large = { count: 900, names: ["ann", "bob"], more: true, away };
  expect(withPresence([], members("ann"), large, "m1")).toEqual([]);
});

test("the notes are bounded", () => {
  const steps = Array.from({ length: 120 }, (_, at): [string[], string] => [
    at % 2 === 0 ? ["ann"] : [],
    `m${at}`,
  ]);
  expect(notesOf(...steps)).toHaveLength(50);
});
