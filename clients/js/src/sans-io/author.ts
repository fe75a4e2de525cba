/** Who wrote a message. A message and a welcome are authors. */

export interface Author {
  /** The display name. */
  readonly user: string;
  /** The stable id; missing on older servers, and in messages that they stored. */
  readonly user_id?: string;
}

/** Return whether two authors are one user: the id decides, without one the name (TL8). */
export function isSameAuthor(one: Author, other: Author): boolean {
  if (one.user_id === undefined || other.user_id === undefined) return one.user === other.user;
  return one.user_id === other.user_id;
}
