/** The frames of lists that belong to no room. */

export interface Directory {
  readonly type: "directory";
  readonly id: number;
  readonly prefix?: string;
  readonly after?: string;
}

/** A room that the user may read; without entries it has no position. `at` is ms since 1970, if the server knows it. */
export interface RoomInfo {
  readonly room: string;
  readonly members: number;
  readonly epoch?: string;
  readonly offset?: number;
  readonly at?: number;
  readonly topic?: string;
}

/** Rooms, in alphabetical order. `after` is that of the next page. Not `complete`: rooms may be missing. */
export interface DirectoryPage {
  readonly type: "directory";
  readonly id: number;
  readonly rooms: readonly RoomInfo[];
  readonly more: boolean;
  readonly complete: boolean;
  readonly after?: string;
}

/** Move the user's read mark of a room forward. */
export interface Read {
  readonly type: "read";
  readonly id: number;
  readonly room: string;
  readonly offset: number;
  readonly epoch: string;
}

export interface ListOwnRooms {
  readonly type: "rooms";
  readonly id: number;
  readonly after?: string;
}

/**
 * Up to where the user has read, and how many messages of others follow; 100 means as many or more. `mentions` is the
 * number of those that mention the user.
 */
export interface ReadMark {
  readonly epoch: string;
  readonly offset: number;
  readonly unread: number;
  readonly mentions: number;
}

export interface Marked extends ReadMark {
  readonly type: "marked";
  readonly id: number;
  readonly room: string;
}

/** The user's mark moved, on another connection. */
export interface MarkMoved extends ReadMark {
  readonly type: "mark";
  readonly room: string;
}

/** A room that the user has joined; `at` is when its last entry was sent, in ms since 1970. */
export interface OwnRoom extends ReadMark {
  readonly room: string;
  readonly at?: number;
}

/** The user's rooms, in alphabetical order. `after` is that of the next page. */
export interface OwnRooms {
  readonly type: "rooms";
  readonly id: number;
  readonly rooms: readonly OwnRoom[];
  readonly more: boolean;
  readonly after?: string;
}
