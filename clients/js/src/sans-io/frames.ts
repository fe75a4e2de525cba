/** The frames: one type for each command and event of the specification, §2 and §3. */
import type { Author } from "./author.ts";
import type { File, Ticket, Upload } from "./fileFrames.ts";
import type {
  Directory,
  DirectoryPage,
  ListOwnRooms,
  Marked,
  MarkMoved,
  OwnRooms,
  Read,
  ReadMark,
} from "./listFrames.ts";
import type { Found, Search } from "./searchFrames.ts";
import type { UserKind, Welcome } from "./welcome.ts";

export type { File } from "./fileFrames.ts";
export type { Found, Hit, Search } from "./searchFrames.ts";
export type { Limits, UserKind, Welcome } from "./welcome.ts";

/** A position in a room: everything up to it was received. */
export interface Position {
  readonly epoch: string;
  readonly offset: number;
}

export type Command =
  | Hello
  | Join
  | { readonly type: "leave"; readonly id: number; readonly room: string }
  | Send
  | Upload
  | ChangeCommand
  | History
  | Search
  | SetTopic
  | Directory
  | ListOwnRooms
  | Read
  | { readonly type: "typing"; readonly room: string }
  | { readonly type: "away"; readonly id: number; readonly away: boolean }
  | { readonly type: "who"; readonly id: number; readonly room: string; readonly after?: string }
  | { readonly type: "refresh"; readonly id: number; readonly token: string };

/** With `thread`, only messages in the thread of that root (TH2). */
export interface History {
  readonly type: "history";
  readonly id: number;
  readonly room: string;
  readonly before: number;
  readonly thread?: number;
}

export interface Hello {
  readonly type: "hello";
  readonly id: number;
  readonly token?: string;
  readonly name?: string;
  readonly session?: string;
  readonly client?: string;
  readonly listener?: boolean;
}

export interface Join {
  readonly type: "join";
  readonly id: number;
  readonly room: string;
  readonly since?: Position;
}

export interface Send {
  readonly type: "send";
  readonly id: number;
  readonly room: string;
  readonly text: string;
  readonly key: string;
  readonly reply_to?: number;
  readonly files?: readonly string[];
}

/** Changes the message at the offset `target` of an epoch. */
export type ChangeCommand = { readonly [Kind in ChangeKind]: ChangeCommandOf<Kind> }[ChangeKind];

export type ChangeKind = "edit" | "delete" | "react" | "unreact";

interface ChangeCommandOf<Kind extends ChangeKind> {
  readonly type: Kind;
  readonly id: number;
  readonly room: string;
  readonly target: number;
  readonly epoch: string;
  readonly key: string;
  /** Of an edit. */
  readonly text?: string;
  /** Of a reaction. */
  readonly emoji?: string;
}

/** Sets the topic of a room, as a moderator; an empty text removes it (TP2). */
export interface SetTopic {
  readonly type: "topic";
  readonly id: number;
  readonly room: string;
  readonly text: string;
}

/** Every command with a reply: all except `typing` (FR2). */
export type Request = Exclude<Command, { readonly type: "typing" }>;

/** A stored entry of a room. `prev` is the offset of the entry before it; `at` is ms since 1970. */
export type Entry = Message | Change;

/**
 * A message. The fields from `edited` on are those of a folded message; `changed` is the offset of the last change
 * in it.
 */
export interface Message {
  readonly type: "message";
  readonly room: string;
  readonly offset: number;
  readonly prev: number;
  readonly key: string;
  readonly user: string;
  readonly text: string;
  readonly at: number;
  /** The author's stable id and kind; missing in messages that older servers stored (SN8). */
  readonly user_id?: string;
  readonly kind?: UserKind;
  /** The offset of the message that it replies to. */
  readonly reply_to?: number;
  /** The root of its thread, if `reply_to` is another reply (TH1). */
  readonly thread?: number;
  /** The ids of the users whom the text mentions (SN11). */
  readonly mentions?: readonly string[];
  /** No user wrote it: with `topic`, the text is the new topic of the room (TP3). */
  readonly event?: string;
  readonly files?: readonly File[];
  /** When it was edited last. */
  readonly edited?: number;
  readonly deleted?: Deletion;
  readonly reactions?: readonly Reaction[];
  readonly changed?: number;
  /** The number of messages in its thread, and the offset of the last one (TH3). */
  readonly replies?: { readonly count: number; readonly last: number };
}

/** Who deleted a message, and when. Its text is empty. */
export interface Deletion extends Reactor {
  readonly at: number;
}

/** An emoji, and all users who reacted with it, in the order in which they did. */
export interface Reaction {
  readonly emoji: string;
  readonly users: readonly Reactor[];
}

/** A user who reacted. */
export type Reactor = Author;

/** A change of the message at the offset `target`. `change` is a `ChangeKind`, or a kind of a newer server. */
export interface Change extends Author {
  readonly type: "change";
  readonly room: string;
  readonly offset: number;
  readonly prev: number;
  readonly change: string;
  readonly target: number;
  readonly key: string;
  readonly kind?: UserKind;
  readonly at: number;
  readonly text?: string;
  readonly emoji?: string;
  readonly mentions?: readonly string[];
}

/** The number of users in a room, and the first names; `more` means that there are others. */
export interface ListedMembers {
  readonly count: number;
  readonly names: readonly string[];
  readonly more: boolean;
  /** Those of the names whose users are away; missing if there are none (PR6). */
  readonly away?: readonly string[];
}

export interface Joined {
  readonly type: "joined";
  readonly id: number;
  readonly room: string;
  readonly epoch: string;
  readonly head: number;
  readonly recovered: boolean;
  readonly messages: readonly Entry[];
  readonly members: ListedMembers;
  readonly mark?: ReadMark;
  readonly topic?: string;
}

export interface Sent {
  readonly type: "sent";
  readonly id: number;
  readonly epoch: string;
  readonly offset: number;
  readonly duplicate: boolean;
}

export interface MessagesPage {
  readonly type: "page";
  readonly id: number;
  readonly room: string;
  readonly messages: readonly Message[];
  readonly more: boolean;
  /** The offset before which the next page continues. */
  readonly before?: number;
}

export interface MembersPage extends ListedMembers {
  readonly type: "members";
  readonly id: number;
  readonly room: string;
}

export interface Presence {
  readonly type: "presence";
  readonly room: string;
  readonly count: number;
  readonly joined: readonly string[];
  readonly left: readonly string[];
  /** Who became away, and who is here again (PR6). */
  readonly away?: readonly string[];
  readonly back?: readonly string[];
}

export interface Reset {
  readonly type: "reset";
  readonly room: string;
  readonly epoch: string;
  readonly offset: number;
}

/** The node shuts down, or has too many new connections: reconnect after `delay` ms (CL3, CL4). */
export interface Drain {
  readonly type: "drain";
  readonly delay: number;
  readonly booked?: boolean;
}

/** A command was rejected. `code` may be unknown to this client; `retry` is always valid (§11). */
export interface Refusal {
  readonly type: "error";
  readonly id?: number;
  readonly code: string;
  readonly message: string;
  readonly retry: boolean;
  readonly retry_after?: number;
  readonly suggestion?: string;
}

/** The events of one room. */
export type RoomEvent =
  | Entry
  | MarkMoved
  | Presence
  | Reset
  | { readonly type: "typing"; readonly room: string; readonly user: string };

export type Reply =
  | Welcome
  | { readonly type: "away"; readonly id: number; readonly away: boolean }
  | Joined
  | { readonly type: "left"; readonly id: number; readonly room: string }
  | Sent
  | Ticket
  | MessagesPage
  | Found
  | DirectoryPage
  | OwnRooms
  | Marked
  | MembersPage
  | { readonly type: "refreshed"; readonly id: number; readonly expires: number }
  | Refusal;

export type Event =
  | RoomEvent
  | Reply
  | { readonly type: "expiring"; readonly in: number }
  | { readonly type: "ping" }
  | Drain
  /** An event of an unknown type: a heartbeat, and nothing more (FR3). */
  | { readonly type: "unknown" };
