/** Cut code into tokens with the colours that they get. The text is neither run nor checked. */
import { type Kind, type Language, languageOf } from "./languages.ts";

export interface Token {
  /** Null: it has the colour of the text. */
  readonly kind: Kind | null;
  readonly text: string;
}

/** Longer code has no colours. */
export const longest = 10_000;

/** After so many coloured tokens the rest has the colour of the text: each is an element of the page. */
export const most = 1_000;

/** Return the tokens of code, or null if it gets no colours. */
export function tokensOf(name: string, text: string): readonly Token[] | null {
  const language = languageOf(name);
  if (language === null || text.length > longest) return null;
  return scan(language, text).filter((token) => token.text !== "");
}

function scan(language: Language, text: string): readonly Token[] {
  const tokens: Token[] = [];
  let plainFrom = 0;
  for (const found of text.matchAll(language.scanner)) {
    const kind = kindOf(language, found);
    if (kind === null) continue;
    tokens.push({ kind: null, text: text.slice(plainFrom, found.index) }, { kind, text: found[0] });
    plainFrom = found.index + found[0].length;
    if (tokens.length >= 2 * most) break;
  }
  return [...tokens, { kind: null, text: text.slice(plainFrom) }];
}

function kindOf(language: Language, found: RegExpExecArray): Kind | null {
  const group = found.findIndex((text, at) => at > 0 && text !== undefined);
  const kind = language.kinds[group - 1];
  if (kind === undefined) return wordKind(language, found);
  return isKey(language, found) ? "name" : kind;
}

function wordKind(language: Language, found: RegExpExecArray): Kind | null {
  const text = language.ignoresCase ? found[0].toLowerCase() : found[0];
  if (language.keywords.has(text)) return "keyword";
  const next = found.input[found.index + found[0].length];
  return language.names !== null && next === language.names ? "name" : null;
}

/** Whether this is a quoted name, as in JSON. */
function isKey({ names }: Language, found: RegExpExecArray): boolean {
  return (
    names === ":" && /^["']/.test(found[0]) && found.input[found.index + found[0].length] === ":"
  );
}
