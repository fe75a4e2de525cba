import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { allEnglish } from "./allEnglish.ts";
import { en } from "./en.ts";
import { textsFrom } from "./templates.ts";

type Tree = { [key: string]: unknown };

/** The path of each text, and the values that it names. */
function paths(texts: unknown, before = ""): string[] {
  return Object.entries(texts as Tree).flatMap(([key, text]) => {
    const path = `${before}${key}`;
    if (typeof text === "object" && text !== null) return paths(text, `${path}.`);
    return path === "locale" ? [] : [path];
  });
}

describe.each(["de", "ja"])("%s", (language) => {
  const file = JSON.parse(readFileSync(`web/public/texts-${language}.json`, "utf8")) as Tree;
  const texts = textsFrom(allEnglish, file);

  test("has each text, and no other", () => {
    expect(paths(file).sort()).toEqual(paths(allEnglish).sort());
  });

  test("has the values of each text", () => {
    const at = (tree: unknown, path: string) =>
      path.split(".").reduce<unknown>((inner, key) => (inner as Tree)[key], tree);
    for (const path of paths(allEnglish)) {
      const english = at(allEnglish, path);
      if (typeof english !== "function") continue;
      const words = (at(texts, path) as (...values: unknown[]) => string)("first", "second");
      // Some languages need no number to choose a form.
      const named = String(english("first", "second")).includes("second");
      if (named) expect(words, path).toContain("second");
      expect(words, path).toContain("first");
    }
  });

  test("has no placeholder that is not filled", () => {
    expect(JSON.stringify(texts)).not.toMatch(/\{\d/);
  });
});

test("a number chooses the form", () => {
  const texts = textsFrom(en, { members: { count: "{0} {0|Mitglied|Mitglieder}" } });
  expect(texts.members.count(1)).toBe("1 Mitglied");
  expect(texts.members.count(2)).toBe("2 Mitglieder");
  expect(texts.members.you).toBe("you");
});
