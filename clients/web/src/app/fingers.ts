/** What a finger does that moves sideways. */

/** How far it moves before it is a swipe, in px. */
const shortest = 40;
/** How far from the edge it may begin. The outermost px are often the system's own. */
export const edge = 48;

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Return where a finger went: with the direction of reading, or against it. Null is neither, or not yet. */
export function wayOf(from: Point, to: Point, mirrored: boolean): "forth" | "back" | null {
  const across = (to.x - from.x) * (mirrored ? -1 : 1);
  const isLevel = Math.abs(to.y - from.y) < Math.abs(across) / 2;
  if (!isLevel || Math.abs(across) < shortest) return null;
  return across > 0 ? "forth" : "back";
}
