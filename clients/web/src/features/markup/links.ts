/** Find links in a text, and show where they really lead. */
export interface FoundLink {
  readonly from: number;
  readonly to: number;
  readonly text: string;
  readonly href: string;
}

/** `https://…` up to white space or a quote, and e-mail addresses. */
const candidate =
  /https?:\/\/[^\s<>"`\p{Cc}]+|(?<![\p{L}\p{N}._%+-])[\p{L}\p{N}._%+-]{1,64}@(?:[\p{L}\p{N}-]{1,63}\.){1,8}\p{L}{2,63}/giu;
const closing: Readonly<Record<string, string>> = { ")": "(", "]": "[", "}": "{" };

/** The scripts whose letters are not mistaken for Latin ones; of Latin, those of usual languages. */
const clearScripts = [
  "\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}ー",
  "\\p{Script=Hangul}",
  "\\p{Script=Arabic}",
  "\\p{Script=Hebrew}",
  "\\p{Script=Thai}",
  "\\p{Script=Devanagari}",
  "a-zß-öø-ÿĀ-ſ",
];
const clearLabel = new RegExp(`^(?:${clearScripts.map((set) => `[${set}\\d-]+`).join("|")})$`, "u");

/** Return the links of a text, in order. Those that could mislead show their real address. */
export function linksOf(text: string): readonly FoundLink[] {
  return [...text.matchAll(candidate)].flatMap((found) => {
    const raw = withoutEnd(found[0]);
    const url = urlOf(/^https?:/i.test(raw) ? raw : `mailto:${raw}`);
    if (url === null) return [];
    const to = found.index + raw.length;
    return [{ from: found.index, to, text: shownText(raw, url), href: url.href }];
  });
}

/** Remove marks and punctuation at the end, and brackets that were opened before the link. */
function withoutEnd(words: string): string {
  let end = words.length;
  while (end > 0 && endsSentence(words.slice(0, end))) end -= 1;
  return words.slice(0, end);
}

function endsSentence(words: string): boolean {
  const last = words.at(-1) ?? "";
  if (".,;:!?…*_~'".includes(last)) return true;
  const opening = closing[last];
  return opening !== undefined && words.split(opening).length < words.split(last).length;
}

function urlOf(address: string): URL | null {
  if (!URL.canParse(address)) return null;
  const url = new URL(address);
  // What stands before an @ looks like the host, and is not.
  url.username = "";
  url.password = "";
  return url;
}

function shownText(raw: string, url: URL): string {
  if (url.protocol === "mailto:") return raw;
  const typed = /^https?:\/\/([^/?#\\]*)/i.exec(raw)?.[1] ?? "";
  const host = typed.replace(/:\d*$/, "").toLowerCase().normalize("NFC");
  return host.split(".").every((label) => clearLabel.test(label)) ? raw : url.href;
}
