/** Find links in a text. The text is never interpreted as HTML. */

export type Piece =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "link"; readonly text: string; readonly href: string };

const address = /https?:\/\/[^\s<>"'`\p{Cc}]+/giu;
const closing: Readonly<Record<string, string>> = { ")": "(", "]": "[", "}": "{" };

/** Split a text into links and other text. */
export function pieces(text: string): Piece[] {
  const found: Piece[] = [];
  let from = 0;
  for (const match of text.matchAll(address)) {
    const words = withoutEnd(match[0]);
    const href = hrefOf(words);
    if (href === null) continue;
    if (match.index > from) found.push({ kind: "text", text: text.slice(from, match.index) });
    found.push({ kind: "link", text: words, href });
    from = match.index + words.length;
  }
  if (from < text.length) found.push({ kind: "text", text: text.slice(from) });
  return found;
}

/** Remove trailing punctuation, and brackets that were opened before the link. */
function withoutEnd(words: string): string {
  let end = words.length;
  while (end > 0 && endsSentence(words.slice(0, end))) end -= 1;
  return words.slice(0, end);
}

function endsSentence(words: string): boolean {
  const last = words.at(-1) ?? "";
  if (".,;:!?…*_~".includes(last)) return true;
  const opening = closing[last];
  return opening !== undefined && words.split(opening).length < words.split(last).length;
}

function hrefOf(words: string): string | null {
  try {
    const url = new URL(words);
    return url.hostname === "" ? null : url.href;
  } catch {
    return null;
  }
}
