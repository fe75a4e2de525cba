/** Complete the word before the cursor: a mention, or an emoji. */
import { findEmoji } from "../emoji/find.ts";

export interface Completion {
  /** The part of the text that a suggestion replaces. */
  readonly from: number;
  readonly to: number;
  readonly suggestions: readonly Suggestion[];
}

export interface Suggestion {
  readonly label: string;
  readonly sign: string;
  readonly insert: string;
}

const most = 8;
const mention = /(?:^|[\s([{"'])@([^\s@]{0,32})$/u;
const emoji = /(?:^|[\s([{"']):([\w+-]{2,30})$/u;

/** Return the suggestions at this cursor; null if there are none. `names`: whom the user may mention. */
export function completionAt(
  text: string,
  cursor: number,
  names: readonly string[],
): Completion | null {
  const before = text.slice(0, cursor);
  const name = mention.exec(before)?.[1];
  if (name !== undefined) return completionOf(name, cursor, mentionsOf(name, names));
  const code = emoji.exec(before)?.[1];
  return code === undefined ? null : completionOf(code, cursor, emojiOf(code));
}

function completionOf(
  word: string,
  cursor: number,
  suggestions: readonly Suggestion[],
): Completion | null {
  if (suggestions.length === 0) return null;
  return { from: cursor - word.length - 1, to: cursor, suggestions };
}

function mentionsOf(start: string, names: readonly string[]): readonly Suggestion[] {
  const lower = start.toLowerCase();
  const found = names.filter((name) =>
    name
      .toLowerCase()
      .split(/\s+/)
      .some((word) => word.startsWith(lower)),
  );
  // A name that is complete leaves nothing to choose: Enter sends.
  if (found.length === 1 && found[0] === start) return [];
  return found.slice(0, most).map((name) => ({ label: name, sign: "@", insert: `@${name} ` }));
}

function emojiOf(start: string): readonly Suggestion[] {
  return findEmoji(start, most).map(({ emoji: sign, names }) => ({
    label: `:${names.find((name) => name.includes(start.toLowerCase())) ?? names[0]}:`,
    sign,
    insert: `${sign} `,
  }));
}
