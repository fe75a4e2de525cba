/** Parse a text of a message: paragraphs, quotes, lists and code blocks. */
import type { Block } from "./ast.ts";
import { parseInline } from "./inline.ts";

const fence = /^```/;
const quoted = /^> ?/;
const bullet = /^\s{0,3}[-*] +(?=\S)/;
const numbered = /^\s{0,3}(\d{1,6})[.)] +(?=\S)/;
const deepestQuote = 3;

/** Controls that change the direction of what follows them, beyond the line or the link that they are in. */
const bidiControls = /[\u202a-\u202e\u2066-\u2069]/g;

/** Return the blocks of a text. `names`: those of users whose mention is longer than one word. */
export function parseMarkup(text: string, names: readonly string[] = []): readonly Block[] {
  const lines = text.replace(bidiControls, "").replace(/\r\n?/g, "\n").split("\n");
  return parseLines(lines, names, 0);
}

function parseLines(lines: readonly string[], names: readonly string[], depth: number): Block[] {
  const blocks: Block[] = [];
  let at = 0;
  while (at < lines.length) {
    const { block, to } = blockAt(lines, at, names, depth);
    if (block !== null) blocks.push(block);
    at = to;
  }
  return blocks;
}

interface Found {
  readonly block: Block | null;
  readonly to: number;
}

function blockAt(
  lines: readonly string[],
  at: number,
  names: readonly string[],
  depth: number,
): Found {
  const line = lines[at] ?? "";
  if (line.trim() === "") return { block: null, to: at + 1 };
  const item = [bullet, numbered].find((kind) => kind.test(line));
  if (item !== undefined) return list(lines, at, item, names);
  if (quoted.test(line) && depth < deepestQuote) return quote(lines, at, names, depth);
  return codeBlock(lines, at) ?? paragraph(lines, at, names, depth);
}

function quote(
  lines: readonly string[],
  at: number,
  names: readonly string[],
  depth: number,
): Found {
  const to = endOf(lines, at, (next) => quoted.test(next));
  const inner = lines.slice(at, to).map((next) => next.replace(quoted, ""));
  return { block: { kind: "quote", blocks: parseLines(inner, names, depth + 1) }, to };
}

/** A fence that is not closed is text. */
function codeBlock(lines: readonly string[], at: number): Found | null {
  const line = lines[at] ?? "";
  if (!fence.test(line)) return null;
  const oneLine = /^```(.+?)```\s*$/.exec(line)?.[1];
  if (oneLine !== undefined)
    return { block: { kind: "code", text: oneLine, language: "" }, to: at + 1 };
  const end = lines.findIndex((next, index) => index > at && /```\s*$/.test(next));
  if (end === -1) return null;
  const last = (lines[end] ?? "").replace(/```\s*$/, "");
  const first = line.replace(fence, "");
  // A word after the fence is the name of the language.
  const language = /^[\w+#.-]*$/.exec(first.trim())?.[0].toLowerCase();
  const inner = [...(language === undefined ? [first] : []), ...lines.slice(at + 1, end)];
  if (last !== "") inner.push(last);
  return { block: { kind: "code", text: inner.join("\n"), language: language ?? "" }, to: end + 1 };
}

function list(lines: readonly string[], at: number, item: RegExp, names: readonly string[]): Found {
  const to = endOf(lines, at, (next) => item.test(next));
  const items = lines.slice(at, to).map((next) => parseInline(next.replace(item, ""), names));
  const start = Number(numbered.exec(lines[at] ?? "")?.[1] ?? 1);
  return { block: { kind: "list", ordered: item === numbered, start, items }, to };
}

function paragraph(
  lines: readonly string[],
  at: number,
  names: readonly string[],
  depth: number,
): Found {
  const to = endOf(lines, at, (next, index) => index === at || isPlain(lines, index, next, depth));
  const parts = parseInline(lines.slice(at, to).join("\n"), names);
  return { block: { kind: "paragraph", parts }, to };
}

function isPlain(lines: readonly string[], at: number, line: string, depth: number): boolean {
  if (line.trim() === "" || bullet.test(line) || numbered.test(line)) return false;
  if (quoted.test(line) && depth < deepestQuote) return false;
  return codeBlock(lines, at) === null;
}

/** Return the index after the last of the lines from `at` on that belong together. */
function endOf(
  lines: readonly string[],
  at: number,
  belongs: (line: string, index: number) => boolean,
): number {
  let to = at;
  while (to < lines.length && belongs(lines[to] ?? "", to)) to += 1;
  return Math.max(to, at + 1);
}
