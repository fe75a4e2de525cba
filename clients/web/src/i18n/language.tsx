/** The language of the page: the texts, and the locale of dates and numbers. */
import { createContext, type ReactNode, useContext, useEffect, useReducer } from "react";
import { en, type Texts } from "./en.ts";
import { textsFrom } from "./templates.ts";

export type { Texts };

export const languages = { en: "English", de: "Deutsch", ja: "日本語" } as const;
export type Language = keyof typeof languages;

/** English is in the page; another language is a file of its own. */
const loaded = new Map<Language, Texts>([["en", en]]);
/** What a language was made from. */
const templates = new WeakMap<Texts, unknown>();
let sourceOf: (language: Language) => string | null = () => null;

const TextsContext = createContext<Texts>(en);

export function useTexts(): Texts {
  return useContext(TextsContext);
}

/** Set where the texts of a language are. */
export function setTextSource(source: typeof sourceOf): void {
  sourceOf = source;
}

/** Load the texts of a language. Without them the page is in English. */
export async function loadTexts(language: Language): Promise<void> {
  const url = sourceOf(language);
  if (url === null || loaded.has(language)) return;
  try {
    const response = await fetch(url);
    if (!response.ok) return;
    const file: unknown = await response.json();
    const texts = textsFrom(en, file);
    templates.set(texts, file);
    loaded.set(language, texts);
  } catch {} // no network: the next change of the language tries again
}

/** Return the file of these texts, for those that are not in the page; none for English. */
export function templatesOf(texts: Texts): unknown {
  return templates.get(texts);
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

interface Props {
  readonly language: Language;
  readonly children: ReactNode;
}

export function LanguageProvider({ language, children }: Props) {
  const [, render] = useReducer((times: number) => times + 1, 0);
  const texts = loaded.get(language) ?? en;
  useEffect(() => {
    if (!loaded.has(language)) void loadTexts(language).then(render);
  }, [language]);
  useEffect(() => {
    document.documentElement.lang = texts.locale ?? "en";
  }, [texts]);
  return <TextsContext value={texts}>{children}</TextsContext>;
}
