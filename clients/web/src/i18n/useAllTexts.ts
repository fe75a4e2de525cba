/** The texts for the parts of the page: a part itself, which they share. */
import { type AllTexts, allEnglish } from "./allEnglish.ts";
import { type Texts, templatesOf, useTexts } from "./language.tsx";
import { textsFrom } from "./templates.ts";

const made = new WeakMap<Texts, AllTexts>();

export function useAllTexts(): AllTexts {
  return allTextsOf(useTexts());
}

/** Return all texts of the language of some. */
export function allTextsOf(texts: Texts): AllTexts {
  const all = made.get(texts) ?? textsFrom(allEnglish, templatesOf(texts));
  made.set(texts, all);
  return all;
}
