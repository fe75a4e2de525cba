/** The texts of errors: a part of the page that is loaded after the first script. */
import type { Texts } from "../../i18n/language.tsx";
import { allTextsOf } from "../../i18n/useAllTexts.ts";

/** Return the text for an error code, in the language of the page's texts. */
export function errorText(texts: Texts, code: string): string | undefined {
  return allTextsOf(texts).sendErrors[code];
}
