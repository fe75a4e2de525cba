/** Find emoji by their names. */
import { allEmoji, type Emoji } from "./data.ts";

/** Return the emoji with this name, then those with a name that starts with, then those that contains these letters. */
export function findEmoji(letters: string, most = Number.POSITIVE_INFINITY): readonly Emoji[] {
  const wanted = letters.toLowerCase();
  const ranked = allEmoji().map((one) => ({ one, rank: Math.min(...one.names.map(rankOf)) }));
  function rankOf(name: string): number {
    if (name === wanted) return 0;
    return name.startsWith(wanted) ? 1 : name.includes(wanted) ? 2 : 3;
  }
  return ranked
    .filter(({ rank }) => rank < 3)
    .sort((first, then) => first.rank - then.rank)
    .map(({ one }) => one)
    .slice(0, most);
}
