/** The answer to `hello`: who the user is, and what the server allows. */

/** A guest, a user with a token, or a program with an API key; other kinds of newer servers are possible. */
export type UserKind = "guest" | "verified" | "bot" | (string & {});

/** Bytes of a frame, characters of a text, rooms, sends per second, burst of sends; bytes of a file, if it takes any. */
export interface Limits {
  readonly frame: number;
  readonly text: number;
  readonly rooms: number;
  readonly sends: number;
  readonly burst: number;
  readonly file?: number;
}

export interface Welcome {
  readonly type: "welcome";
  readonly id: number;
  readonly user: string;
  readonly session: string;
  readonly ping: number;
  readonly time: number;
  readonly limits: Limits;
  /** The user's stable id and kind; missing on older servers (CN8). */
  readonly user_id?: string;
  readonly kind?: UserKind;
  /** What the server can do besides sending messages. */
  readonly features?: readonly string[];
}
