/** The emoji of the picker and of `:shortcodes:`. They are a file of their own, which is loaded after the page. */

export interface Emoji {
  readonly emoji: string;
  readonly names: readonly string[];
}

let known: readonly Emoji[] = [];
let source: string | null = null;
const listeners = new Set<() => void>();

/** All emoji; none until they are loaded. The array is replaced, never changed. */
export function allEmoji(): readonly Emoji[] {
  return known;
}

export function onEmoji(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Set where the emoji are. They are loaded when they are needed first. */
export function setEmojiSource(url: string): void {
  source = url;
}

/** Load the emoji, unless they are there. */
export async function loadEmoji(): Promise<void> {
  if (source === null || known.length > 0) return;
  try {
    const response = await fetch(source);
    if (response.ok) known = readEmoji(await response.json());
  } catch {} // the picker tries again when it is opened
  for (const listener of listeners) listener();
}

/** Each group is a list of entries: an emoji, and its names. */
function readEmoji(groups: unknown): readonly Emoji[] {
  const entries: unknown[] = Object.values(groups ?? {}).flat();
  return entries.flatMap((entry) => {
    const [emoji, ...names] = typeof entry === "string" ? entry.split(" ") : [];
    return emoji === undefined ? [] : [{ emoji, names }];
  });
}

/** Replace `:shortcodes:`, except in code. An unknown one stays as it is. */
export function withEmoji(text: string): string {
  return text.replace(/(`+)[\s\S]*?\1|(?<![\w:]):([\w+-]+):(?![\w:])/g, (found, code, name) => {
    if (code !== undefined) return found;
    return allEmoji().find(({ names }) => names.includes(name))?.emoji ?? found;
  });
}
