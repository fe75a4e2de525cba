/** The part of a text that a search found, in pieces: words that were sought, and what is between them. */
import { fold, type Word } from "./query.ts";

export interface Piece {
  readonly text: string;
  readonly hit: boolean;
}

/** A text is shown from a bit before the first hit on. */
const before = 60;
const longest = 280;

/** Scripts that are written without spaces: their words begin and end anywhere. */
const unspaced =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}]/u;
const letter = /[\p{L}\p{M}\p{N}]/u;

export function highlight(text: string, words: readonly Word[]): readonly Piece[] {
  const hits = rangesOf(text, words);
  const first = hits[0]?.[0] ?? 0;
  const start = first > before * 2 ? wordStart(text, first - before) : 0;
  const end = Math.min(text.length, start + longest);
  const pieces = cut(text, start, end, hits);
  const open = start > 0 ? [{ text: "… ", hit: false }] : [];
  const close = end < text.length ? [{ text: " …", hit: false }] : [];
  return [...open, ...pieces, ...close];
}

type Range = readonly [start: number, end: number];

function cut(text: string, start: number, end: number, hits: readonly Range[]): Piece[] {
  const pieces: Piece[] = [];
  let at = start;
  for (const [from, to] of hits) {
    if (from < at || to > end) continue;
    if (from > at) pieces.push({ text: text.slice(at, from), hit: false });
    pieces.push({ text: text.slice(from, to), hit: true });
    at = to;
  }
  return at < end ? [...pieces, { text: text.slice(at, end), hit: false }] : pieces;
}

function rangesOf(text: string, words: readonly Word[]): readonly Range[] {
  const { folded, from } = fold(text);
  const ranges = words.flatMap((word) =>
    placesOf(folded, word).map(
      (at): Range => [from[at] ?? 0, from[at + word.text.length] ?? text.length],
    ),
  );
  return ranges.sort(([one, end], [other, otherEnd]) => one - other || otherEnd - end);
}

/** Return where a word is in a folded text, as a whole word. */
function placesOf(folded: string, { text, open }: Word): number[] {
  const places: number[] = [];
  const anywhere = unspaced.test(text);
  for (let at = folded.indexOf(text); at !== -1; at = folded.indexOf(text, at + text.length)) {
    const begins = !letter.test(folded.charAt(at - 1));
    const ends = open || !letter.test(folded.charAt(at + text.length));
    if (anywhere || (begins && ends)) places.push(at);
  }
  return places;
}

function wordStart(text: string, at: number): number {
  const space = text.indexOf(" ", at);
  return space === -1 || space > at + before ? at : space + 1;
}
