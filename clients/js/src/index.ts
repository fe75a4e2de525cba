/** The public API of the SDK. */
export { Client, type ClientOptions, createClient, type Identity, TokenRefused } from "./client.ts";
export { NotSent, Room, type Sending } from "./room.ts";
export type { RoomSnapshot } from "./roomSnapshot.ts";
export type { GapRow, MessageRow, OwnRow, Row } from "./rows.ts";
export type { RoomState, SearchPage, SendReceipt, Status } from "./sans-io/effects.ts";
export type { Hit, Limits, Members, Message, Position, UserKind } from "./sans-io/frames.ts";
export type { KeyValue } from "./storage.ts";
