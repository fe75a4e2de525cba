/** How far the user read a room, and where the user was reading. */
import { recordOf } from "./stored.ts";

/** Everything up to this message was read. */
export interface ReadMark {
  readonly epoch: string;
  readonly offset: number;
}

/** What the server counted between a mark and an offset: messages of others, and those that mention the user. */
export interface ServerCount {
  readonly mark: ReadMark;
  /** 100 means as many or more. */
  readonly unread: number;
  readonly mentions: number;
  readonly upTo: number;
}

/** The first visible message, and its distance from the top of the list. */
export interface Place {
  readonly offset: number;
  readonly top: number;
}

export function isReadMark(value: unknown): value is ReadMark {
  const { epoch, offset } = recordOf(value);
  return typeof epoch === "string" && typeof offset === "number";
}

export function isPlace(value: unknown): value is Place {
  const { offset, top } = recordOf(value);
  return typeof offset === "number" && typeof top === "number";
}

/** Return the later mark. A mark of another epoch replaces the one before: its history ended. */
export function laterMark(before: ReadMark | undefined, now: ReadMark): ReadMark {
  if (before === undefined || before.epoch !== now.epoch) return now;
  return now.offset > before.offset ? now : before;
}
