/** Own messages and changes until they arrive in the room. */
import type { OwnChange } from "./effects.ts";
import type { Position } from "./frames.ts";

/**
 * An own message, or an own change. `at` is its position once stored; `code` and `reason` are why it failed, or why
 * it waits to be sent again.
 */
export interface OutboxEntry {
  readonly key: string;
  readonly text: string;
  readonly replyTo?: Position;
  readonly change?: OwnChange;
  readonly state: "sending" | "sent" | "failed";
  readonly at?: Position;
  readonly code?: string;
  readonly reason?: string;
}

/** The own messages and changes of one room, in order, at most `bound` of them (TL6). */
export class Outbox {
  /** Replaced, never mutated. */
  own: readonly OutboxEntry[] = [];
  readonly #bound: number;

  constructor(bound: number) {
    this.#bound = bound;
  }

  has(key: string): boolean {
    return this.#get(key) !== undefined;
  }

  get full(): boolean {
    return this.own.length >= this.#bound;
  }

  /** The next message to send. */
  get next(): OutboxEntry | undefined {
    return this.own.find(({ state }) => state === "sending");
  }

  put(entry: Omit<OutboxEntry, "state" | "at" | "code" | "reason">): void {
    this.own = [...this.own, { ...entry, state: "sending" }];
  }

  /** Settle by `sent`; true if it was not settled yet (TL8). It stays in the view for now (TL14). */
  acknowledge(key: string, at: Position): boolean {
    const own = this.#get(key);
    if (own === undefined || own.state === "sent") return false;
    this.#replace({ ...own, state: "sent", at });
    return true;
  }

  /** Settle by its message, which replaces it in the view; true if it was not settled yet (TL8). */
  seen(key: string): boolean {
    const own = this.#get(key);
    if (own === undefined) return false;
    this.#remove(own);
    return own.state !== "sent";
  }

  /** Drop messages that are stored at or before the position of the room (TL14). */
  passed(position: Position): void {
    this.#drop((at) => at.epoch === position.epoch && at.offset <= position.offset);
  }

  /** Drop messages of another epoch, or at or before the new position (TL14). */
  moved(position: Position): void {
    this.#drop((at) => at.epoch !== position.epoch || at.offset <= position.offset);
  }

  #drop(gone: (at: Position) => boolean): void {
    for (const own of this.own) if (own.at !== undefined && gone(own.at)) this.#remove(own);
  }

  /** Fail a message permanently, or drop a change (TL11); true if it was still to be sent. */
  refuse(key: string, code: string, reason: string): boolean {
    const own = this.#get(key);
    if (own?.state !== "sending") return false;
    if (own.change !== undefined) this.#remove(own);
    else this.#replace({ ...own, state: "failed", code, reason });
    return true;
  }

  /** Note why a message waits to be sent again, or that it no longer does (TL11). */
  hold(key: string, why: Pick<OutboxEntry, "code" | "reason"> | null): void {
    const own = this.#get(key);
    if (own?.state !== "sending" || (why === null && own.code === undefined)) return;
    const { code: _, reason: __, ...rest } = own;
    this.#replace({ ...rest, ...why });
  }

  resend(key: string): void {
    const own = this.#get(key);
    if (own?.state !== "failed") return;
    this.#remove(own); // to the end of the outbox (TL12)
    const { text, replyTo } = own;
    this.put({ key, text, ...(replyTo !== undefined && { replyTo }) });
  }

  /** Drop a failed message, or one that waits to be sent again; true if it waited (TL12). */
  discard(key: string): boolean {
    const own = this.#get(key);
    if (own?.state === "failed" || isHeld(own)) this.#remove(own);
    return isHeld(own);
  }

  #get(key: string): OutboxEntry | undefined {
    return this.own.find((own) => own.key === key);
  }

  #replace(changed: OutboxEntry): void {
    this.own = this.own.map((own) => (own.key === changed.key ? changed : own));
  }

  #remove(gone: OutboxEntry): void {
    this.own = this.own.filter((own) => own !== gone);
  }
}

/** Return whether a message waits to be sent again: it is not in flight (TL11). */
function isHeld(own: OutboxEntry | undefined): own is OutboxEntry {
  return own?.state === "sending" && own.code !== undefined;
}
