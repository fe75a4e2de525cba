/** The colour of a name, the same on every machine. */
import type { CSSProperties } from "react";

/** Neighbouring ones differ visibly. */
const hues = 15;

export function hueOf(name: string): number {
  return ((scrambled(name) >>> 11) % hues) * (360 / hues);
}

/** Return whether the avatar of a name is strong or pale: so two names of one hue mostly differ. */
export function isStrong(name: string): boolean {
  return scrambled(name) % 2 === 1;
}

/** Similar names have colours that differ: each bit of the name changes all bits of the hash (FNV-1a, and a mix). */
function scrambled(name: string): number {
  let hash = 0x811c9dc5;
  for (const character of name)
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** The hue of a name as a CSS variable. */
export function hueStyle(name: string): CSSProperties {
  return { "--hue": hueOf(name) } as CSSProperties;
}
