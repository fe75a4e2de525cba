/** The public API of the SDK. */
export { Client, type ClientOptions, createClient, type Identity, TokenRefused } from "./client.ts";
export { NotSent, Room, type RoomSnapshot, type Sending } from "./room.ts";
export type { GapRow, MessageRow, OwnRow, Row } from "./rows.ts";
export type { RoomState, SendReceipt, Status } from "./sans-io/effects.ts";
export type { Limits, Members, Message, Position, UserKind } from "./sans-io/frames.ts";
export type { KeyValue } from "./storage.ts";
