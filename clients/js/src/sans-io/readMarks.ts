/** Up to where the user has read each room: marks move forward only, on the server and here (RD6). */
import type { Effect } from "./effects.ts";
import type { Position, Reply, Request } from "./frames.ts";
import type { MarkMoved, ReadMark } from "./listFrames.ts";
import type { PendingCommands } from "./pendingCommands.ts";

/** Sends `read` for the furthest position that the application has read, one at a time for each room. */
export class ReadMarks {
  readonly #pending: PendingCommands;
  readonly #marks = new Map<string, ReadMark>();
  readonly #wanted = new Map<string, Position>();
  readonly #open = new Map<string, number>();

  constructor(pending: PendingCommands) {
    this.#pending = pending;
  }

  get(room: string): ReadMark | null {
    return this.#marks.get(room) ?? null;
  }

  want(room: string, position: Position, now: number, live: boolean): Effect[] {
    const wanted = this.#wanted.get(room);
    if (wanted === undefined || !reaches(wanted, position)) this.#wanted.set(room, position);
    return live ? this.#write(room, now) : [];
  }

  /** Take the mark of a join. Without one, the server keeps none for this user. */
  onJoined(room: string, mark: ReadMark | undefined, now: number): Effect[] {
    this.#marks.delete(room);
    return mark === undefined ? [] : [...this.#set(room, mark), ...this.#write(room, now)];
  }

  onMoved(moved: MarkMoved): Effect[] {
    const known = this.#marks.get(moved.room);
    if (known === undefined || reaches(known, moved)) return [];
    return this.#set(moved.room, markOf(moved));
  }

  onReply(request: Request & { readonly type: "read" }, reply: Reply, now: number): Effect[] {
    const { room } = request;
    if (this.#open.get(room) === request.id) this.#open.delete(room);
    if (reply.type === "error" && !reply.retry) this.#wanted.delete(room);
    if (reply.type !== "marked") return [];
    return [...this.#set(room, markOf(reply)), ...this.#write(room, now)];
  }

  /** Ask again after the next join. */
  onLost(): void {
    this.#open.clear();
  }

  #write(room: string, now: number): Effect[] {
    const mark = this.#marks.get(room);
    const wanted = this.#wanted.get(room);
    if (mark === undefined || wanted === undefined || this.#open.has(room)) return [];
    if (reaches(mark, wanted)) {
      this.#wanted.delete(room);
      return [];
    }
    const { offset, epoch } = wanted;
    const read = this.#pending.issue(
      (id) => ({ type: "read", id, room, offset, epoch }) as const,
      now,
    );
    this.#open.set(room, read.id);
    return [["command", read]];
  }

  #set(room: string, mark: ReadMark): Effect[] {
    this.#marks.set(room, mark);
    return [["mark", room, mark]];
  }
}

function markOf({ epoch, offset, unread, mentions }: ReadMark): ReadMark {
  return { epoch, offset, unread, mentions };
}

function reaches(known: Position, other: Position): boolean {
  return known.epoch === other.epoch && known.offset >= other.offset;
}
