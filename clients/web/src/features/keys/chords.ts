/** All keys of the page: this table is what they do, and the help that lists them. */
import type { Texts } from "../../i18n/language.tsx";

type KeyTexts = Omit<Texts["keys"], "title" | "groups">;

export interface Chord {
  /** `Mod` is Ctrl, or Command on a Mac. The last part is a value of `KeyboardEvent.key`. */
  readonly keys: readonly string[];
  readonly group: keyof Texts["keys"]["groups"];
}

/** The keys that work everywhere. */
export const pageChords = {
  switcher: { keys: ["Mod+K", "Alt+J"], group: "rooms" },
  nextUnread: { keys: ["Alt+Shift+ArrowDown"], group: "rooms" },
  previousUnread: { keys: ["Alt+Shift+ArrowUp"], group: "rooms" },
  firstUnread: { keys: ["Alt+A"], group: "rooms" },
  nextRoom: { keys: ["Alt+ArrowDown"], group: "rooms" },
  previousRoom: { keys: ["Alt+ArrowUp"], group: "rooms" },
  markRead: { keys: ["Shift+Escape"], group: "rooms" },
  search: { keys: ["Mod+Shift+F", "/"], group: "read" },
  toMessages: { keys: ["F6"], group: "read" },
  help: { keys: ["?", "Mod+/"], group: "page" },
} as const satisfies Partial<Record<keyof KeyTexts, Chord>>;

/** The keys of a message that has the focus. */
export const rowChords = {
  move: { keys: ["ArrowUp", "ArrowDown"], group: "read" },
  ends: { keys: ["Home", "End"], group: "read" },
  copy: { keys: ["c"], group: "read" },
  link: { keys: ["l"], group: "read" },
  reply: { keys: ["r"], group: "read" },
  react: { keys: ["a"], group: "read" },
  edit: { keys: ["e"], group: "read" },
  remove: { keys: ["Delete"], group: "read" },
  back: { keys: ["Escape"], group: "read" },
} as const satisfies Partial<Record<keyof KeyTexts, Chord>>;

/** The keys of the message field. */
export const composerChords = {
  send: { keys: ["Enter"], group: "write" },
  editLast: { keys: ["ArrowUp"], group: "write" },
  newLine: { keys: ["Shift+Enter"], group: "write" },
  complete: { keys: ["Tab"], group: "write" },
} as const satisfies Partial<Record<keyof KeyTexts, Chord>>;

export const allChords: Readonly<Record<string, Chord>> = {
  ...pageChords,
  ...composerChords,
  ...rowChords,
};

export interface Stroke {
  readonly key: string;
  /** The key in a US layout; Alt changes `key` on some systems. */
  readonly code: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly shiftKey: boolean;
}

/** Return the name of the chord that was pressed. */
export function chordOf<Name extends string>(
  chords: Readonly<Record<Name, Chord>>,
  stroke: Stroke,
): Name | null {
  for (const name of Object.keys(chords) as Name[])
    if (chords[name].keys.some((keys) => isPressed(keys, stroke))) return name;
  return null;
}

export function isPressed(keys: string, stroke: Stroke): boolean {
  const parts = keys.split("+");
  const key = parts.at(-1) ?? "";
  const isKey = stroke.key.toLowerCase() === key.toLowerCase() || stroke.code === `Key${key}`;
  return isKey && modifiersOf(stroke, key).every(([name, held]) => held === parts.includes(name));
}

/** The modifiers that a chord names, and whether each is held. A sign such as "?" may need Shift. */
function modifiersOf(stroke: Stroke, key: string): [name: string, held: boolean][] {
  const [mod, other] = isMac()
    ? [stroke.metaKey, stroke.ctrlKey]
    : [stroke.ctrlKey, stroke.metaKey];
  const shift: [string, boolean][] = /\w/.test(key) ? [["Shift", stroke.shiftKey]] : [];
  return [["Mod", mod], ["Alt", stroke.altKey], ["never", other], ...shift];
}

const names: Readonly<Record<string, string>> = {
  ArrowUp: "↑",
  ArrowDown: "↓",
  Escape: "Esc",
  Mod: "Ctrl",
};

/** Return the keys as they are printed on a keyboard. */
export function printed(keys: string): readonly string[] {
  const shown = isMac() ? { ...names, Mod: "⌘", Alt: "⌥" } : names;
  return keys
    .split("+")
    .map((part) => shown[part] ?? (part.length === 1 ? part.toUpperCase() : part));
}

function isMac(): boolean {
  return /Mac|iPhone|iPad/.test(navigator.platform);
}
