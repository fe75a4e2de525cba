/** Save the outbox, so that queued own messages survive a reload. Queued changes do not. */
import type { File, Position } from "./sans-io/frames.ts";
import type { OutboxEntry } from "./sans-io/outbox.ts";

/** The required part of a `Storage`: the browser's `sessionStorage`, or a compatible one. */
export interface KeyValue {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

/** A queued message; `at` is when it was written. */
export interface SavedMessage {
  readonly key: string;
  readonly text: string;
  readonly at: number;
  readonly replyTo?: Position;
  readonly files?: readonly File[];
}

export class SavedOutbox {
  readonly #storage: KeyValue | undefined;
  readonly #name: string;

  constructor(storage: KeyValue | undefined, user: string, room: string) {
    this.#storage = storage;
    this.#name = `hubbub.outbox.${JSON.stringify([user, room])}`;
  }

  read(): readonly SavedMessage[] {
    try {
      const saved: unknown = JSON.parse(this.#storage?.getItem(this.#name) ?? "[]");
      return Array.isArray(saved) ? saved.filter(isSavedMessage) : [];
    } catch {
      return []; // invalid data, or storage is disabled
    }
  }

  /** Errors of a storage that is full or disabled are ignored: then a reload loses the outbox. */
  write(own: readonly OutboxEntry[], writtenAt: (key: string) => number): void {
    const waiting = own
      .filter(({ state, change }) => state !== "sent" && change === undefined)
      .map(({ key, text, replyTo, files }) => ({ key, text, at: writtenAt(key), replyTo, files }));
    try {
      if (waiting.length === 0) this.#storage?.removeItem(this.#name);
      else this.#storage?.setItem(this.#name, JSON.stringify(waiting));
    } catch {}
  }
}

function isSavedMessage(value: unknown): value is SavedMessage {
  if (typeof value !== "object" || value === null) return false;
  const { key, text, at, replyTo, files = [] } = value as Record<string, unknown>;
  const isMessage = typeof key === "string" && typeof text === "string" && typeof at === "number";
  return isMessage && Array.isArray(files) && (replyTo === undefined || isPosition(replyTo));
}

function isPosition(value: unknown): value is Position {
  if (typeof value !== "object" || value === null) return false;
  const { epoch, offset } = value as Record<string, unknown>;
  return typeof epoch === "string" && typeof offset === "number";
}
