/** Own messages and changes until they arrive in the room. */
import type { OwnChange } from "./effects.ts";
import type { File, Position } from "./frames.ts";

/**
 * An own message, or an own change. `at` is its position once stored; `seen` is where it was received before the
 * reply, without a gap since; `written` is when it was first sent; `code` and `reason` are why it failed, or why it
 * waits to be sent again.
 */
export interface OutboxEntry {
  readonly key: string;
  readonly text: string;
  readonly replyTo?: Position;
  readonly files?: readonly File[];
  readonly change?: OwnChange;
  readonly state: "sending" | "sent" | "failed";
  readonly at?: Position;
  readonly seen?: Position | undefined;
  readonly written?: number | undefined;
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

  put(entry: Omit<OutboxEntry, "state" | "at" | "seen" | "code" | "reason">): void {
    this.own = [...this.own, { ...entry, state: "sending" }];
  }

  /** Settle by `sent`; true if it was not settled yet (TL8). It stays in the view for now (TL14). */
  acknowledge(key: string, at: Position): boolean {
    const own = this.#get(key);
    if (own === undefined || own.state === "sent") return false;
    if (own.seen?.epoch === at.epoch && own.seen.offset === at.offset) this.#remove(own);
    else this.#replace({ ...own, state: "sent", at });
    return true;
  }

  /** Note that its message was received, which replaces it in the view. `sent` settles it (TL8). */
  see(key: string, seen: Position): void {
    const own = this.#get(key);
    if (own?.state === "sending") this.#replace({ ...own, seen });
    else if (own) this.#remove(own);
  }

  /** Forget which messages were received after `kept`; return where (TL8). */
  unsee(kept?: Position): Position[] {
    return this.own.flatMap((own) => {
      if (!own.seen || (kept && isUpTo(own.seen, kept))) return [];
      this.#replace({ ...own, seen: undefined });
      return [own.seen];
    });
  }

  /** Drop messages that are stored at or before the position of the room (TL14). */
  passed(position: Position): void {
    this.#drop((at) => isUpTo(at, position));
  }

  /** Drop messages of another epoch, or at or before the new position (TL14). */
  moved(position: Position): void {
    this.#drop((at) => at.epoch !== position.epoch || at.offset <= position.offset);
  }

  #drop(gone: (at: Position) => boolean): void {
    for (const own of this.own) if (own.at !== undefined && gone(own.at)) this.#remove(own);
  }

  /** Fail a message permanently, or drop it if the view has it, or a change (TL11); true if it was still to be sent. */
  refuse(key: string, code: string, reason: string): boolean {
    const own = this.#get(key);
    if (own?.state !== "sending") return false;
    if (own.change ?? own.seen) this.#remove(own);
    else this.#replace({ ...own, state: "failed", code, reason });
    return true;
  }

  /** Note why a message waits to be sent again (TL11). */
  hold(key: string, why: Pick<OutboxEntry, "code" | "reason">): void {
    const own = this.#get(key);
    if (own?.state === "sending") this.#replace({ ...own, ...why });
  }

  /** Note that a message is sent, and waits no longer; `written` counts only the first time. */
  send(own: OutboxEntry, written: number): void {
    const { code, reason: _, ...rest } = own;
    if (code !== undefined || own.written === undefined)
      this.#replace({ ...rest, written: own.written ?? written });
  }

  resend(key: string): void {
    const own = this.#get(key);
    if (own?.state !== "failed") return;
    this.#remove(own); // to the end of the outbox (TL12)
    const { text, replyTo, files, written } = own;
    this.put({ key, text, written, ...(replyTo && { replyTo }), ...(files && { files }) });
  }

  /** Drop a failed message, or one that waits to be sent again; true if it waited (TL12). */
  discard(key: string): boolean {
    const own = this.#get(key);
    if (own?.state === "failed" || isHeld(own)) this.#remove(own);
    return isHeld(own);
  }

  /** Settle a message by its message (TL8). */
  settle(key: string): void {
    this.own = this.own.filter((own) => own.key !== key);
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

function isUpTo(at: Position, position: Position): boolean {
  return at.epoch === position.epoch && at.offset <= position.offset;
}

/** Return whether a message waits to be sent again: it is not in flight (TL11). */
function isHeld(own: OutboxEntry | undefined): own is OutboxEntry {
  return own?.state === "sending" && own.code !== undefined;
}
