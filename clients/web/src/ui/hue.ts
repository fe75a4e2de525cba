/** The colour of a name, the same on every machine. */
import type { CSSProperties } from "react";

export function hueOf(name: string): number {
  let hash = 0;
  for (const character of name) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) >>> 0;
  return hash % 360;
}

/** The hue of a name as a CSS variable. */
export function hueStyle(name: string): CSSProperties {
  return { "--hue": hueOf(name) } as CSSProperties;
}
