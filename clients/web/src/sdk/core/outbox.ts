/** Own messages until they are seen in the room. */
import type { Position } from "./frames.ts";

/** An own message. `at` is where it is stored; `code` and `reason` say why it failed. */
export interface Own {
  readonly key: string;
  readonly text: string;
  readonly state: "sending" | "sent" | "failed";
  readonly at?: Position;
  readonly code?: string;
  readonly reason?: string;
}

/** The own messages of one room, in order, at most `bound` of them (TL6). */
export class Outbox {
  readonly #bound: number;
  #own = new Map<string, Own>();

  constructor(bound: number) {
    this.#bound = bound;
  }

  get own(): readonly Own[] {
    return [...this.#own.values()];
  }

  has(key: string): boolean {
    return this.#own.has(key);
  }

  get full(): boolean {
    return this.#own.size >= this.#bound;
  }

  /** The first that is to be written. */
  get next(): Own | undefined {
    for (const own of this.#own.values()) if (own.state === "sending") return own;
    return undefined;
  }

  put(key: string, text: string): void {
    this.#own.set(key, { key, text, state: "sending" });
  }

  /** Settle by `sent`; true if that is news (TL8). It stays in view until its message comes (TL14). */
  acknowledge(key: string, at: Position): boolean {
    const own = this.#own.get(key);
    if (own === undefined || own.state === "sent") return false;
    this.#own.set(key, { key, text: own.text, state: "sent", at });
    return true;
  }

  /** Settle by its message, which takes its place in the view; true if that is news (TL8). */
  seen(key: string): boolean {
    const own = this.#own.get(key);
    this.#own.delete(key);
    return own !== undefined && own.state !== "sent";
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
    for (const { key, at } of this.#own.values())
      if (at !== undefined && gone(at)) this.#own.delete(key);
  }

  /** Let one fail for good (TL11); true if it was still to be sent. */
  refuse(key: string, code: string, reason: string): boolean {
    const own = this.#own.get(key);
    if (own?.state !== "sending") return false;
    this.#own.set(key, { key, text: own.text, state: "failed", code, reason });
    return true;
  }

  resend(key: string): void {
    const own = this.#own.get(key);
    if (own?.state !== "failed") return;
    this.#own.delete(key); // to the end of the line (TL12)
    this.put(key, own.text);
  }

  discard(key: string): void {
    if (this.#own.get(key)?.state === "failed") this.#own.delete(key);
  }
}
