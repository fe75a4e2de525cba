/** The inputs and effects of the state machine: the two tables of the specification, §10. */

import type { File, Ticket } from "./fileFrames.ts";
import type {
  Change,
  ChangeKind,
  Command,
  Event,
  Hit,
  ListedMembers,
  Message,
  Position,
} from "./frames.ts";
import type { OwnRoom, ReadMark, RoomInfo } from "./listFrames.ts";

export type Input =
  | readonly ["connect"]
  | readonly ["close"]
  | readonly ["opened"]
  | readonly ["lost", code: number]
  | readonly ["frame", event: Event]
  | readonly ["tick"]
  | readonly ["offline"]
  | readonly ["online"]
  | readonly ["retry"]
  | readonly ["token", token: string]
  | readonly ["no_token", final: boolean]
  | RoomInput
  | ListInput
  | AwayInput;

/** The user is away, or here again (PS4). */
export type AwayInput = readonly ["away", away: boolean];

/** Requests for lists that belong to no room. */
export type ListInput =
  | readonly ["directory", prefix: string, after: string]
  | readonly ["rooms", after: string];

/** The inputs for one room. */
export type RoomInput =
  | readonly ["join", room: string, since?: Position]
  | readonly ["leave", room: string]
  /** The application did not receive what was reported after this position. */
  | readonly ["rewind", room: string, to: Position]
  /** `age`: how long ago an earlier run wrote it, in ms. */
  | readonly [
      "send",
      room: string,
      key: string,
      text: string,
      replyTo?: Position | null | undefined,
      age?: number | null | undefined,
      files?: readonly File[] | undefined,
    ]
  /** Ask for a ticket to upload a file; `media` is its media type, or empty. */
  | readonly ["upload", room: string, name: string, size: number, media: string]
  | readonly ["change", room: string, key: string, change: OwnChange]
  | readonly ["resend", room: string, key: string]
  | readonly ["discard", room: string, key: string]
  | readonly ["search", room: string, query: string, before: string]
  /** The page of a thread before an offset; null for the last page. */
  | readonly ["thread", room: string, root: number, before: number | null]
  /** Set the topic; an empty text removes it. */
  | readonly ["topic", room: string, text: string]
  /** The user has read the room up to an offset of its epoch. */
  | readonly ["read", room: string, offset: number]
  | readonly ["older", room: string]
  | readonly ["who", room: string, after: string]
  | readonly ["typing", room: string];

/** The inputs that ask for something at any time, and lead to one effect each. */
export type PageInput = RoomInput &
  readonly ["search" | "thread" | "topic" | "upload", ...unknown[]];

/** The inputs that a room handles itself. */
export type InRoom = Exclude<RoomInput, PageInput | readonly ["join" | "read", ...unknown[]]>;

export type Effect =
  | readonly ["token"]
  | readonly ["open"]
  /** With a reservation (CL4). */
  | readonly ["open", "booked"]
  | readonly ["command", command: Command]
  | readonly ["shut", code: number]
  | readonly ["status", status: Status]
  | RoomEffect
  | ListEffect
  | readonly ["mark", room: string, mark: ReadMark];

/** The results of requests for lists; null if it could not be read. */
export type ListEffect =
  | readonly ["directory", prefix: string, after: string, page: ListedRooms | null]
  | readonly ["rooms", after: string, page: ListedOwnRooms | null];

/** The effects of one room. */
export type RoomEffect =
  | readonly ["joined", room: string, recovered: boolean]
  | readonly ["message", room: string, message: Message]
  /** `message` is as it is shown now; null if the view has not got it. */
  | readonly ["change", room: string, change: Change, message: Message | null]
  | readonly ["gap", room: string]
  | readonly ["sent", room: string, key: string, receipt: SendReceipt]
  | readonly ["failed", room: string, key: string, code: string, message: string]
  | readonly ["older", room: string, messages: readonly Message[], more: boolean]
  /** Instead of a page: the code of why there is none (SR4). */
  | readonly ["found", room: string, query: string, before: string, page: SearchPage | string]
  | readonly [
      "thread",
      room: string,
      root: number,
      before: number | null,
      page: ThreadPage | string,
    ]
  /** The position of the message about the topic, or the code of why it was not set (TP5). */
  | readonly ["topic", room: string, text: string, at: Position | string]
  /** Instead of a ticket: the code of why there is none (FL5). */
  | readonly [
      "ticket",
      room: string,
      name: string,
      size: number,
      media: string,
      ticket: UploadTicket | string,
    ]
  | readonly ["presence", room: string, change: PresenceChange]
  | readonly ["typing", room: string, names: readonly string[]]
  | readonly ["members", room: string, members: ListedMembers | null]
  | readonly ["refused", room: string, code: string, message: string];

/** A change of the message at a position. An edit has a text, a reaction an emoji. */
export interface OwnChange {
  readonly change: ChangeKind;
  readonly target: Position;
  readonly text?: string;
  readonly emoji?: string;
}

/** The position of a stored own message or change, and whether an earlier attempt stored it (SN2). */
export interface SendReceipt extends Position {
  readonly duplicate: boolean;
}

/** The id of a new file, whose upload must begin within `expires` ms. */
export type UploadTicket = Pick<Ticket, "file" | "expires">;

/** Hits of a search, newest first. `more` is the `before` of the next page; null if there is none. */
export interface SearchPage {
  readonly hits: readonly Hit[];
  readonly more: string | null;
}

/** Messages of a thread, oldest first. `before` is that of the page before; null if there is none. */
export interface ThreadPage {
  readonly messages: readonly Message[];
  readonly before: number | null;
}

/** Rooms of the directory. `after` is that of the next page; null on the last one. */
export interface ListedRooms {
  readonly rooms: readonly RoomInfo[];
  readonly after: string | null;
  readonly complete: boolean;
}

/** Rooms of the user. `after` is that of the next page; null on the last one. */
export interface ListedOwnRooms {
  readonly rooms: readonly OwnRoom[];
  readonly after: string | null;
}

export interface PresenceChange {
  readonly count: number;
  readonly joined: readonly string[];
  readonly left: readonly string[];
  /** Missing if there are none. */
  readonly away?: readonly string[];
  readonly back?: readonly string[];
}

export type Status =
  | { readonly state: "idle" }
  /** `attempt` counts from 0. */
  | { readonly state: "connecting"; readonly attempt: number }
  | { readonly state: "online"; readonly user: string }
  /** `until` is on the caller's clock; `code` is a close code or an error code. */
  | { readonly state: "waiting"; readonly until: number; readonly code: number | string }
  | { readonly state: "offline" }
  | { readonly state: "closed"; readonly code: number | string; readonly suggestion?: string };

export type RoomState = "joining" | "live" | "refused" | "left";

/** Return whether an effect belongs to a room. */
export function isOfRoom(effect: Effect): effect is RoomEffect {
  return !["token", "open", "command", "shut", "status", "directory", "rooms", "mark"].includes(
    effect[0],
  );
}
