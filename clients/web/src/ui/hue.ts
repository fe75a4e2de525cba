/** A colour for a name: the same one on every machine. */
import type { CSSProperties } from "react";

export function hueOf(name: string): number {
  let hash = 0;
  for (const character of name) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) >>> 0;
  return hash % 360;
}

/** The name's hue, as the style sheets read it. */
export function hueStyle(name: string): CSSProperties {
  return { "--hue": hueOf(name) } as CSSProperties;
}
