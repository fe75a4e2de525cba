import fc from "fast-check";
import { expect, test } from "vitest";
import type { Block, Inline } from "./ast.ts";
import { parseMarkup } from "./parse.ts";

/** Write blocks in a short form: `strong(…)` and so on. */
function form(blocks: readonly Block[]): string {
  return blocks
    .map((block) => {
      if (block.kind === "paragraph") return inlines(block.parts);
      if (block.kind === "code") return `pre(${block.text})`;
      if (block.kind === "quote") return `quote(${form(block.blocks)})`;
      return `${block.ordered ? `ol${block.start}` : "ul"}(${block.items.map(inlines).join("; ")})`;
    })
    .join(" ¶ ");
}

function inlines(parts: readonly Inline[]): string {
  return parts
    .map((part) => {
      if ("parts" in part) return `${part.kind}(${inlines(part.parts)})`;
      if (part.kind === "text") return part.text;
      if (part.kind === "link") return `link(${part.text})`;
      return part.kind === "mention" ? `mention(${part.name})` : `code(${part.text})`;
    })
    .join("");
}

test.each([
  ["plain text", "plain text"],
  [
    "**bold** and *slanted* and _slanted_ and ~~gone~~",
    "strong(bold) and emphasis(slanted) and emphasis(slanted) and strike(gone)",
  ],
  ["**bold with *both* in it**", "strong(bold with emphasis(both) in it)"],
  ["2 * 3 * 4, a*b*c and snake_case_name", "2 * 3 * 4, a*b*c and snake_case_name"],
  ["*not closed", "*not closed"],
  ["* one\n* two", "ul(one; two)"],
  ["- one\n- *two*\nafter", "ul(one; emphasis(two)) ¶ after"],
  ["3. three\n4. four", "ol3(three; four)"],
  ["2026. was a year", "ol2026(was a year)"],
  ["use `a*b*c` here", "use code(a*b*c) here"],
  ["``a`b``", "code(a`b)"],
  ["a ` alone", "a ` alone"],
  ["```\nlet x = *y*\n```", "pre(let x = *y*)"],
  ["```ts\nlet x\n\n  y\n```\nafter", "pre(let x\n\n  y) ¶ after"],
  ["```one line```", "pre(one line)"],
  ["```\nnever closed", "```\nnever closed"],
  ["> quoted\n> *two*\nanswer", "quote(quoted\nemphasis(two)) ¶ answer"],
  [">no space", "quote(no space)"],
  ["line one\nline two\n\nparagraph", "line one\nline two ¶ paragraph"],
  ["hi @bob, and @żółw!", "hi mention(bob), and mention(żółw)!"],
  ["hi @ann smith.", "hi mention(ann smith)."],
  ["bob@example.org", "link(bob@example.org)"],
  ["**https://example.org/a_b_c**", "strong(link(https://example.org/a_b_c))"],
  ["(https://example.org/x_(y))", "(link(https://example.org/x_(y)))"],
  ["<b>bold</b> &amp;", "<b>bold</b> &amp;"],
  ["turned \u202eback\u2066 to front", "turned back to front"],
])("%j is %j", (text, expected) => {
  expect(form(parseMarkup(text, ["Ann Smith"]))).toBe(expected);
});

test.each([
  ["```Python\nx\n```", "python"],
  ["```c++ \nx\n```", "c++"],
  ["```\nx\n```", ""],
  ["```python x\n```", ""],
  ["```python```", ""],
])("the language of %j is %j", (text, language) => {
  expect(parseMarkup(text)).toMatchObject([{ kind: "code", language }]);
});

test("any text is parsed, and loses no word", () => {
  const signs = ["*", "**", "_", "~", "`", "\n", "> ", "- ", "@", " ", "(", "Z", "http://x.y/"];
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...signs), { maxLength: 400 }), (pieces) => {
      const words = (text: string) => [...text].filter((one) => one === "Z").length;
      expect(words(form(parseMarkup(pieces.join(""))))).toBe(words(pieces.join("")));
    }),
  );
});

test("a hostile text of the greatest length takes little time", () => {
  for (const piece of ["*a ", "**", "_a_", "`", "> ", "@", "~a*b_", "```\n", "http://"]) {
    const start = process.cpuUsage();
    parseMarkup(piece.repeat(4_000 / piece.length));
    expect(process.cpuUsage(start).user / 1000).toBeLessThan(500);
  }
});
