/** Own messages until they are seen in the room. */
import type { Position } from "./frames.ts";

/** An own message. `at` is where it is stored; `code` and `reason` say why it failed. */
export interface OutboxEntry {
  readonly key: string;
  readonly text: string;
  readonly state: "sending" | "sent" | "failed";
  readonly at?: Position;
  readonly code?: string;
  readonly reason?: string;
}

/** The own messages of one room, in order, at most `bound` of them (TL6). */
export class Outbox {
  /** Replaced, never changed: whoever has it may keep it. */
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

  /** The first that is to be written. */
  get next(): OutboxEntry | undefined {
    return this.own.find(({ state }) => state === "sending");
  }

  put(key: string, text: string): void {
    this.own = [...this.own, { key, text, state: "sending" }];
  }

  /** Settle by `sent`; true if that is news (TL8). It stays in view until its message comes (TL14). */
  acknowledge(key: string, at: Position): boolean {
    const own = this.#get(key);
    if (own === undefined || own.state === "sent") return false;
    this.#replace({ key, text: own.text, state: "sent", at });
    return true;
  }

  /** Settle by its message, which takes its place in the view; true if that is news (TL8). */
  seen(key: string): boolean {
    const own = this.#get(key);
    if (own === undefined) return false;
    this.#remove(own);
    return own.state !== "sent";
  }

  /** Drop what is stored at or ahead of where the room's position has come to (TL14). */
  passed(position: Position): void {
    this.#drop((at) => at.epoch === position.epoch && at.offset <= position.offset);
  }

  /** Drop what is stored in an epoch that is gone, or was passed in a leap (TL14). */
  moved(position: Position): void {
    this.#drop((at) => at.epoch !== position.epoch || at.offset <= position.offset);
  }

  #drop(gone: (at: Position) => boolean): void {
    for (const own of this.own) if (own.at !== undefined && gone(own.at)) this.#remove(own);
  }

  /** Let one fail for good (TL11); true if it was still to be sent. */
  refuse(key: string, code: string, reason: string): boolean {
    const own = this.#get(key);
    if (own?.state !== "sending") return false;
    this.#replace({ key, text: own.text, state: "failed", code, reason });
    return true;
  }

  resend(key: string): void {
    const own = this.#get(key);
    if (own?.state !== "failed") return;
    this.#remove(own); // to the end of the line (TL12)
    this.put(key, own.text);
  }

  discard(key: string): void {
    const own = this.#get(key);
    if (own?.state === "failed") this.#remove(own);
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
