import { readFileSync } from "node:fs";
import { beforeAll, expect, test, vi } from "vitest";
import { allEmoji, loadEmoji, onEmoji, setEmojiSource, withEmoji } from "./data.ts";
import { findEmoji } from "./find.ts";

const file = readFileSync("web/public/emoji.json", "utf8");

beforeAll(async () => {
  const changed = vi.fn();
  onEmoji(changed);
  vi.stubGlobal("fetch", () => Promise.reject(new Error("no network")));
  setEmojiSource("/emoji.json");
  await loadEmoji();
  expect(allEmoji()).toEqual([]);
  vi.stubGlobal("fetch", () => Promise.resolve(new Response(file)));
  await loadEmoji();
  expect(changed).toHaveBeenCalledTimes(2);
});

test("each entry is one emoji with names that are unique", () => {
  const names = allEmoji().flatMap((one) => one.names);
  expect(new Set(names).size).toBe(names.length);
  for (const { emoji, names } of allEmoji()) {
    expect(emoji).toMatch(/^\p{RGI_Emoji}$/v);
    expect(names.length).toBeGreaterThan(0);
  }
});

test("shortcodes become emoji, but not in code, and unknown ones stay", () => {
  expect(withEmoji("done :tada: :+1:!")).toBe("done 🎉 👍!");
  expect(withEmoji("`:tada:` and\n```\n:tada:\n```")).toBe("`:tada:` and\n```\n:tada:\n```");
  expect(withEmoji(":unknown: 12:30:45 a:tada:b")).toBe(":unknown: 12:30:45 a:tada:b");
});

test("a name that is the letters comes first, then those that start with them", () => {
  expect(findEmoji("heart", 2).map(({ emoji }) => emoji)).toEqual(["❤️", "😍"]);
  expect(findEmoji("heart").map(({ emoji }) => emoji)).toContain("💔");
  expect(findEmoji("no such emoji")).toEqual([]);
});
