import { expect, test } from "vitest";
import { allEnglish } from "../../i18n/allEnglish.ts";
import { chordOf, pageChords } from "./chords.ts";
import { groups, printed } from "./help.ts";

const none = { code: "", ctrlKey: false, metaKey: false, altKey: false, shiftKey: false };

test("a chord needs its modifiers, and no others", () => {
  expect(chordOf(pageChords, { ...none, key: "k", ctrlKey: true })).toBe("switcher");
  expect(chordOf(pageChords, { ...none, key: "k" })).toBeNull();
  expect(chordOf(pageChords, { ...none, key: "k", ctrlKey: true, altKey: true })).toBeNull();
  expect(chordOf(pageChords, { ...none, key: "ArrowDown", altKey: true })).toBe("nextRoom");
  expect(chordOf(pageChords, { ...none, key: "ArrowDown", altKey: true, shiftKey: true })).toBe(
    "nextUnread",
  );
});

test("a letter is recognised where Alt changes it, and a sign where it needs Shift", () => {
  expect(chordOf(pageChords, { ...none, key: "å", code: "KeyA", altKey: true })).toBe(
    "firstUnread",
  );
  expect(chordOf(pageChords, { ...none, key: "?", code: "Slash", shiftKey: true })).toBe("help");
});

test("each chord has a text, and is printed as on a keyboard", () => {
  for (const name of Object.values(groups).flatMap(Object.keys))
    expect(allEnglish.keys).toHaveProperty(name);
  expect(printed("Alt+Shift+ArrowDown")).toEqual(["Alt", "Shift", "↓"]);
  expect(printed("Mod+K")).toEqual(["Ctrl", "K"]);
});

test("no two chords of one place are the same", () => {
  const keys = Object.values<readonly string[]>(pageChords).flat();
  expect(new Set(keys).size).toBe(keys.length);
});
