/** The public API of the SDK. */
export { Client, type ClientOptions, createClient, type Identity, TokenRefused } from "./client.ts";
export { type Received, type StopSignal, TooSlow } from "./messageStream.ts";
export { NotSent } from "./receipts.ts";
export { Room, type Sending } from "./room.ts";
export type { RoomSnapshot } from "./roomSnapshot.ts";
export type { GapRow, MessageRow, OwnRow, Row } from "./rows.ts";
export { type Author, isSameAuthor } from "./sans-io/author.ts";
export type {
  ListedOwnRooms,
  ListedRooms,
  OwnChange,
  RoomState,
  SearchPage,
  SendReceipt,
  Status,
  UploadTicket,
} from "./sans-io/effects.ts";
export { fold } from "./sans-io/folding.ts";
export type {
  Change,
  ChangeKind,
  Deletion,
  File,
  Hit,
  Limits,
  Message,
  Position,
  Reaction,
  Reactor,
  UserKind,
} from "./sans-io/frames.ts";
export type { OwnRoom, ReadMark, RoomInfo } from "./sans-io/listFrames.ts";
export type { Members } from "./sans-io/members.ts";
export { SearchFailed } from "./searchFailed.ts";
export type { KeyValue } from "./storage.ts";
