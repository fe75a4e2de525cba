/** The language of the page: the texts, and the locale of dates and numbers. */
import { createContext, type ReactNode, useContext, useEffect } from "react";
import { de } from "./de.ts";
import { en, type Texts } from "./en.ts";
import { ja } from "./ja.ts";

export type { Texts };

export const languages = { en: "English", de: "Deutsch", ja: "日本語" } as const;
export type Language = keyof typeof languages;

const catalogues: Readonly<Record<Language, Texts>> = { en, de, ja };

const TextsContext = createContext<Texts>(en);

export function useTexts(): Texts {
  return useContext(TextsContext);
}

/** Return the first language of the user that has texts; English if none has. */
export function preferredLanguage(wanted: readonly string[]): Language {
  for (const tag of wanted) {
    const language = tag.toLowerCase().split("-")[0];
    if (isLanguage(language)) return language;
  }
  return "en";
}

export function isLanguage(value: unknown): value is Language {
  return typeof value === "string" && Object.hasOwn(languages, value);
}

export function LanguageProvider({
  language,
  children,
}: {
  readonly language: Language;
  readonly children: ReactNode;
}) {
  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);
  return <TextsContext value={catalogues[language]}>{children}</TextsContext>;
}
