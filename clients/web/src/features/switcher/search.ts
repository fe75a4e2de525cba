/** Find rooms by some letters of their name. */

/** Return how well a name matches: smaller is better, null is not at all. */
export function rank(name: string, words: string): number | null {
  const [where, wanted] = [folded(name), folded(words)];
  const at = where.indexOf(wanted);
  if (at === 0) return 0;
  if (at > 0) return /[\p{L}\p{N}]/u.test(where[at - 1] ?? "") ? 2 : 1;
  return hasInOrder(where, wanted) ? 3 : null;
}

/** Sort by how well the names match; equal ones keep their order. */
export function matching<T extends { readonly name: string }>(
  all: readonly T[],
  words: string,
): readonly T[] {
  return all
    .map((one) => ({ one, rank: rank(one.name, words) }))
    .filter((found): found is { one: T; rank: number } => found.rank !== null)
    .sort((first, then) => first.rank - then.rank)
    .map(({ one }) => one);
}

function hasInOrder(text: string, letters: string): boolean {
  let at = 0;
  for (const letter of letters) {
    at = text.indexOf(letter, at) + 1;
    if (at === 0) return false;
  }
  return true;
}

/** Without case and marks. */
function folded(text: string): string {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
}
