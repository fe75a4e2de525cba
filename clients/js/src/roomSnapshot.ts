/** What a user interface shows of a room. */
import type { Row } from "./rows.ts";
import type { RoomState } from "./sans-io/effects.ts";
import type { Position } from "./sans-io/frames.ts";
import type { Members } from "./sans-io/members.ts";

/** The displayed state of a room. It is immutable, so two snapshots can be compared by reference. */
export interface RoomSnapshot {
  readonly state: RoomState | "idle";
  /** Why the room is refused. */
  readonly refusal: { readonly code: string; readonly message: string } | null;
  /** Whether missed messages are still being recovered. */
  readonly catchingUp: boolean;
  readonly rows: readonly Row[];
  /** Everything up to here was received; null before the first join. */
  readonly position: Position | null;
  /** Whether nothing is older than the first row. */
  readonly beginning: boolean;
  /** Whether messages before all rows were lost: then the first row need not be the beginning of the room. */
  readonly lost: boolean;
  readonly members: Members;
  /** The topic of the room; null without one. */
  readonly topic: string | null;
  /** The users who are typing, longest first. */
  readonly typing: readonly string[];
}

/** The snapshot of a room that was never joined. */
export const nothingYet: RoomSnapshot = {
  state: "idle",
  refusal: null,
  catchingUp: false,
  rows: [],
  position: null,
  beginning: false,
  lost: false,
  members: { count: 0, names: [], more: false, away: new Set() },
  topic: null,
  typing: [],
};
