/** Parse the inline part of a text: bold, italic and struck text, code, links and mentions. */
import type { Inline } from "./ast.ts";
import { type FoundLink, linksOf } from "./links.ts";

/** Deeper marks stay as they were typed. */
const deepest = 5;

const marks = [
  ["**", "strong"],
  ["__", "strong"],
  ["~~", "strike"],
  ["*", "emphasis"],
  ["_", "emphasis"],
  ["~", "strike"],
] as const;

const wordCharacter = /[\p{L}\p{N}]/u;
const simpleName = /^[\p{L}\p{N}_.-]*[\p{L}\p{N}_]/u;

/** `names`: those of users whose mention is longer than one word. */
export function parseInline(text: string, names: readonly string[], depth = 0): readonly Inline[] {
  const links = new Map(linksOf(text).map((link) => [link.from, link]));
  const source: Source = { text, names, links, depth, ends: new Map() };
  const found: Inline[] = [];
  let plainFrom = 0;
  let at = 0;
  while (at < text.length) {
    const part = partAt(source, at);
    if (part === null) {
      at += 1;
      continue;
    }
    if (at > plainFrom) found.push({ kind: "text", text: text.slice(plainFrom, at) });
    found.push(part.inline);
    at = part.to;
    plainFrom = at;
  }
  if (plainFrom < text.length) found.push({ kind: "text", text: text.slice(plainFrom) });
  return found;
}

interface Source {
  readonly text: string;
  readonly names: readonly string[];
  readonly links: ReadonlyMap<number, FoundLink>;
  readonly depth: number;
  /** For each sign, where a mark may close. */
  readonly ends: Map<string, readonly number[]>;
}

interface Part {
  readonly inline: Inline;
  readonly to: number;
}

function partAt(source: Source, at: number): Part | null {
  const link = source.links.get(at);
  if (link !== undefined)
    return { inline: { kind: "link", text: link.text, href: link.href }, to: link.to };
  switch (source.text[at]) {
    case "`":
      return codeAt(source.text, at);
    case "@":
      return mentionAt(source, at);
    case "*":
    case "_":
    case "~":
      return markedAt(source, at);
    default:
      return null;
  }
}

function codeAt(text: string, at: number): Part | null {
  let length = 1;
  while (text[at + length] === "`") length += 1;
  const fence = "`".repeat(length);
  const end = text.indexOf(fence, at + fence.length);
  if (end === -1 || end === at + fence.length) return null;
  return {
    inline: { kind: "code", text: text.slice(at + fence.length, end) },
    to: end + fence.length,
  };
}

function mentionAt({ text, names }: Source, at: number): Part | null {
  if (wordCharacter.test(text[at - 1] ?? "")) return null;
  const rest = text.slice(at + 1);
  const name = longestStart(rest, names) ?? simpleName.exec(rest)?.[0];
  if (name === undefined) return null;
  return { inline: { kind: "mention", name }, to: at + 1 + name.length };
}

/** Return what the text starts with, of these names; the longest if there are several. */
function longestStart(text: string, names: readonly string[]): string | undefined {
  const lower = text.toLowerCase();
  const matching = names.filter((name) => {
    const next = text[name.length] ?? "";
    return lower.startsWith(name.toLowerCase()) && !wordCharacter.test(next);
  });
  const longest = matching.reduce((best, name) => (name.length > best.length ? name : best), "");
  return longest === "" ? undefined : text.slice(0, longest.length);
}

/** A mark opens before a word, and closes after one: `2 * 3 * 4` and `snake_case_name` have none. */
function markedAt(source: Source, at: number): Part | null {
  const { text, names, depth } = source;
  if (depth >= deepest || wordCharacter.test(text[at - 1] ?? "")) return null;
  const mark = marks.find(([sign]) => text.startsWith(sign, at));
  if (mark === undefined) return null;
  const [sign, kind] = mark;
  const from = at + sign.length;
  const end = endOfMark(source, sign, from);
  if (end === -1) return null;
  return {
    inline: { kind, parts: parseInline(text.slice(from, end), names, depth + 1) },
    to: end + sign.length,
  };
}

function endOfMark(source: Source, sign: string, from: number): number {
  if (isSpace(source.text[from])) return -1;
  return endsOf(source, sign).find((end) => end > from) ?? -1;
}

/** Return where a mark may close; computed once, for a text may have thousands of signs. */
function endsOf({ text, ends }: Source, sign: string): readonly number[] {
  const known = ends.get(sign);
  if (known !== undefined) return known;
  const found: number[] = [];
  for (let end = text.indexOf(sign, 1); end !== -1; end = text.indexOf(sign, end + 1)) {
    const after = text[end + sign.length] ?? "";
    // The longest run of signs is one mark: the first star of `**` does not end `*`.
    if (!isSpace(text[end - 1]) && after !== sign[0] && !wordCharacter.test(after)) found.push(end);
  }
  ends.set(sign, found);
  return found;
}

function isSpace(character: string | undefined): boolean {
  return character === undefined || /\s/.test(character);
}
