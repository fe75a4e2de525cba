/** What the help says about the keys: all of them, in groups, and as they are printed. */
import { type Chords, isMac, pageChords, rowChords } from "./chords.ts";

/** The keys of the message field. */
const composerChords = {
  send: ["Enter"],
  editLast: ["ArrowUp"],
  newLine: ["Shift+Enter"],
  complete: ["Tab"],
} as const satisfies Chords;

const { help, search, toMessages, ...rooms } = pageChords;

/** All chords by group; each has a text of its name. */
export const groups = {
  rooms,
  write: composerChords,
  read: { search, toMessages, ...rowChords },
  page: { help },
} as const satisfies Record<string, Chords>;

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
