/** The keys of the page: these tables are what they do, and the help lists them. */

/** `Mod` is Ctrl, or Command on a Mac. The last part is a value of `KeyboardEvent.key`. */
export type Chords = Readonly<Record<string, readonly string[]>>;

/** The keys that work everywhere. */
export const pageChords = {
  switcher: ["Mod+K", "Alt+J"],
  nextUnread: ["Alt+Shift+ArrowDown"],
  previousUnread: ["Alt+Shift+ArrowUp"],
  firstUnread: ["Alt+A"],
  nextRoom: ["Alt+ArrowDown"],
  previousRoom: ["Alt+ArrowUp"],
  markRead: ["Shift+Escape"],
  search: ["Mod+Shift+F", "/"],
  toMessages: ["F6"],
  help: ["?", "Mod+/"],
} as const satisfies Chords;

/** The keys of a message that has the focus. */
export const rowChords = {
  move: ["ArrowUp", "ArrowDown"],
  ends: ["Home", "End"],
  copy: ["c"],
  link: ["l"],
  reply: ["r"],
  react: ["a"],
  edit: ["e"],
  remove: ["Delete"],
  back: ["Escape"],
} as const satisfies Chords;

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
  chords: Readonly<Record<Name, readonly string[]>>,
  stroke: Stroke,
): Name | null {
  for (const name of Object.keys(chords) as Name[])
    if (chords[name].some((keys) => isPressed(keys, stroke))) return name;
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

export function isMac(): boolean {
  return /Mac|iPhone|iPad/.test(navigator.platform);
}
