/** The settings of the page. */
import { isLanguage, type Language } from "../i18n/language.tsx";
import { oneOf, recordOf } from "./stored.ts";

export const themes = ["system", "light", "dark"] as const;
export const densities = ["comfortable", "compact"] as const;
export const textSizes = ["small", "medium", "large"] as const;
export const notifyLevels = ["mentions", "all", "none"] as const;

export type NotifyLevel = (typeof notifyLevels)[number];

export interface Preferences {
  readonly theme: (typeof themes)[number];
  readonly density: (typeof densities)[number];
  readonly textSize: (typeof textSizes)[number];
  /** Null: the language of the browser. */
  readonly language: Language | null;
  /** Whether the user switched notifications on. */
  readonly notify: boolean;
  /** What the user is notified of, where it differs from mentions. */
  readonly notifyOf: Readonly<Record<string, NotifyLevel>>;
}

export function readPreferences(stored: unknown): Preferences {
  const { theme, density, textSize, language, notify, notifyOf } = recordOf(stored);
  const levels = Object.entries(recordOf(notifyOf));
  return {
    theme: oneOf(themes, theme),
    density: oneOf(densities, density),
    textSize: oneOf(textSizes, textSize, "medium"),
    language: isLanguage(language) ? language : null,
    notify: notify === true,
    notifyOf: Object.fromEntries(levels.map(([room, level]) => [room, oneOf(notifyLevels, level)])),
  };
}
