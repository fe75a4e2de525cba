/** Encode and decode frames: the only JSON code of the protocol. */
import type { Change, Command, Entry, Event, Message } from "./frames.ts";

/** Encode one command. */
export function encode(command: Command): string {
  return JSON.stringify(command);
}

/**
 * Decode one event, with the fields of the specification and no others (FR3).
 *
 * An event of an unknown type is `{type: "unknown"}`; an invalid frame is null.
 */
export function decode(text: string): Event | null {
  try {
    const frame: unknown = JSON.parse(text);
    const type = object(frame).type;
    if (typeof type !== "string") return null;
    const read = Object.hasOwn(events, type) ? events[type as keyof typeof events] : undefined;
    return read === undefined ? { type: "unknown" } : (read(frame) as Event);
  } catch {
    return null;
  }
}

type Read<T> = (value: unknown) => T;

const text = only((value): value is string => typeof value === "string");
const flag = only((value): value is boolean => typeof value === "boolean");
const whole = only((value): value is number => Number.isInteger(value));
const quantity = only((value): value is number => Number.isFinite(value));
const object = only(
  (value): value is Record<string, unknown> =>
    typeof value === "object" && value !== null && !Array.isArray(value),
);

const person = { user: text, user_id: optional(text) };
const author = { ...person, kind: optional(text) };
const entry = { room: text, offset: whole, prev: whole, key: text, ...author, at: whole };
const size = { width: optional(whole), height: optional(whole) };
const file = shape({ id: text, name: text, size: whole, type: text, ...size });
const message = event("message", {
  ...entry,
  text,
  reply_to: optional(whole),
  thread: optional(whole),
  mentions: optional(list(text)),
  event: optional(text),
  files: optional(list(file)),
  edited: optional(whole),
  deleted: optional(shape({ ...person, at: whole })),
  reactions: optional(list(shape({ emoji: text, users: list(shape(person)) }))),
  changed: optional(whole),
  replies: optional(shape({ count: whole, last: whole })),
}) as Read<Message>;
const hit = shape({ epoch: text, message });
const change = event("change", {
  ...entry,
  change: text,
  target: whole,
  text: optional(text),
  emoji: optional(text),
  mentions: optional(list(text)),
}) as Read<Change>;
const messageOrChange: Read<Entry> = (value) =>
  object(value).type === "change" ? change(value) : message(value);
const names = list(text);
const members = { count: whole, names, more: flag, away: optional(names) };
const readMark = { epoch: text, offset: whole, unread: whole, mentions: orZero };
const mark = { room: text, ...readMark };
const page = { id: whole, more: flag, after: optional(text) };
const listed = { room: text, members: whole, epoch: optional(text), offset: optional(whole) };
const limits = {
  frame: whole,
  text: whole,
  rooms: whole,
  sends: quantity,
  burst: whole,
  file: optional(whole),
};

const events = {
  welcome: event("welcome", {
    id: whole,
    user: text,
    session: text,
    ping: whole,
    time: whole,
    limits: shape(limits),
    user_id: optional(text),
    kind: optional(text),
    features: optional(list(text)),
  }),
  joined: event("joined", {
    id: whole,
    room: text,
    epoch: text,
    head: whole,
    recovered: flag,
    messages: list(messageOrChange),
    members: shape(members),
    mark: optional(shape(readMark)),
    topic: optional(text),
  }),
  left: event("left", { id: whole, room: text }),
  sent: event("sent", { id: whole, epoch: text, offset: whole, duplicate: flag }),
  ticket: event("ticket", { id: whole, file: text, expires: whole }),
  page: event("page", {
    id: whole,
    room: text,
    messages: list(message),
    more: flag,
    before: optional(whole),
  }),
  found: event("found", { id: whole, room: text, hits: list(hit), more: optional(text) }),
  directory: event("directory", {
    ...page,
    rooms: list(shape({ ...listed, at: optional(whole), topic: optional(text) })),
    complete: flag,
  }),
  marked: event("marked", { id: whole, ...mark }),
  mark: event("mark", mark),
  rooms: event("rooms", { ...page, rooms: list(shape({ ...mark, at: optional(whole) })) }),
  members: event("members", { id: whole, room: text, ...members }),
  away: event("away", { id: whole, away: flag }),
  refreshed: event("refreshed", { id: whole, expires: whole }),
  message,
  change,
  presence: event("presence", {
    room: text,
    count: whole,
    joined: names,
    left: names,
    away: optional(names),
    back: optional(names),
  }),
  typing: event("typing", { room: text, user: text }),
  reset: event("reset", { room: text, epoch: text, offset: whole }),
  expiring: event("expiring", { in: whole }),
  ping: event("ping", {}),
  drain: event("drain", { delay: whole, booked: optional(flag) }),
  error: event("error", {
    id: optional(whole),
    code: text,
    message: text,
    retry: flag,
    retry_after: optional(whole),
    suggestion: optional(text),
  }),
};

function only<T>(is: (value: unknown) => value is T): Read<T> {
  return (value) => {
    if (!is(value)) throw new TypeError("a field is missing or of the wrong type");
    return value;
  };
}

function list<T>(read: Read<T>): Read<T[]> {
  return (value) => {
    if (!Array.isArray(value)) throw new TypeError("a field is not an array");
    return value.map(read);
  };
}

/** An optional field; null means missing. */
function optional<T>(read: Read<T>): Read<T | undefined> {
  return (value) => (value === undefined || value === null ? undefined : read(value));
}

/** A number that older servers do not send. */
function orZero(value: unknown): number {
  return optional(whole)(value) ?? 0;
}

type Shape = Readonly<Record<string, Read<unknown>>>;
type Of<S extends Shape> = { [K in keyof S]: ReturnType<S[K]> };

function shape<S extends Shape>(fields: S): Read<Of<S>> {
  const entries = Object.entries(fields);
  return (value) => {
    const from = object(value);
    const read: Record<string, unknown> = {};
    for (const [name, take] of entries) {
      const field = take(from[name]);
      if (field !== undefined) read[name] = field;
    }
    return read as Of<S>;
  };
}

function event<T extends string, S extends Shape>(type: T, fields: S): Read<{ type: T } & Of<S>> {
  const read = shape(fields);
  const literal = only((value): value is T => value === type);
  return (value) => ({ type: literal(object(value).type), ...read(value) });
}
