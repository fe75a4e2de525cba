/** The frames of a search. */
import type { Message } from "./frames.ts";

export interface Search {
  readonly type: "search";
  readonly id: number;
  readonly room: string;
  readonly query: string;
  readonly before?: string;
}

/** A message that a search found, and its epoch. */
export interface Hit {
  readonly epoch: string;
  readonly message: Message;
}

/** Hits of a search, newest first. `more` is the `before` of the next page. */
export interface Found {
  readonly type: "found";
  readonly id: number;
  readonly room: string;
  readonly hits: readonly Hit[];
  readonly more?: string;
}
