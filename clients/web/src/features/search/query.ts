/** The words in the search field. The server reads them (SR2); the page needs the room, and what to highlight. */

export interface SearchWords {
  /** What the server searches: all but the room. */
  readonly query: string;
  /** The room that `in:` names. */
  readonly room: string | null;
  /** The words that each message has, folded. */
  readonly words: readonly Word[];
}

export interface Word {
  readonly text: string;
  /** Whether only the beginning of a word is given: `hub*`. */
  readonly open: boolean;
}

const piece = /(from|in|before|after|has):(?:"([^"]*)"|([^\s"]+))|"([^"]*)"|([^\s"]+)/gi;

export function readQuery(text: string): SearchWords {
  const words: Word[] = [];
  let room: string | null = null;
  const query = text.replace(piece, (all, filter = "", quoted, value, phrase, word) => {
    if (filter.toLowerCase() === "in") {
      room = roomOf(quoted ?? value);
      return "";
    }
    if (filter === "") words.push(...wordsOf(phrase ?? word));
    return all;
  });
  return { query: query.replace(/\s+/g, " ").trim(), room, words };
}

function roomOf(name: string): string {
  return name.replace(/^#/, "");
}

function wordsOf(text: string): Word[] {
  const open = text.endsWith("*");
  const found = fold(text).folded.match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];
  return found.map((word, at) => ({ text: word, open: open && at === found.length - 1 }));
}

export interface Folded {
  readonly folded: string;
  /** For each character of `folded`, where it comes from. */
  readonly from: readonly number[];
}

const accented = /^[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}]/u;

/** Fold case, compatibility forms, and accents of Latin, Greek and Cyrillic letters, as the server does. */
export function fold(text: string): Folded {
  const from: number[] = [];
  let [folded, at] = ["", 0];
  for (const character of text) {
    const made = folding(character);
    folded += made;
    for (let unit = 0; unit < made.length; unit += 1) from.push(at);
    at += character.length;
  }
  return { folded, from };
}

function folding(character: string): string {
  if (/[\u0300-\u036f]/.test(character)) return "";
  const lower = character.normalize("NFKC").toLowerCase();
  const parts = lower.normalize("NFD");
  return accented.test(parts) ? parts.replace(/\p{M}/gu, "") : lower;
}
