/** The rows of a room: messages, gaps, and own messages in the outbox. */
import { type Author, isSameAuthor } from "./sans-io/author.ts";
import type { File, Message, Position } from "./sans-io/frames.ts";
import type { OutboxEntry } from "./sans-io/outbox.ts";
import type { TimelineLine } from "./sans-io/timeline.ts";

export type Row = MessageRow | GapRow | OwnRow;

export interface MessageRow {
  readonly kind: "message";
  /** Stays the same when an own message arrives in the room. */
  readonly id: string;
  /** The epoch of the message's position, which changes and replies name. */
  readonly epoch: string;
  readonly message: Message;
  /** Whether this user wrote it. */
  readonly own: boolean;
}

/** Messages between the row before and the next are lost. */
export interface GapRow {
  readonly kind: "gap";
  readonly id: string;
  /** Whether the server restarted: the rows before are of another epoch, and no longer on the server. */
  readonly restart: boolean;
}

/** An own message that was not received in the room yet. `at` is when it was written. */
export interface OwnRow {
  readonly kind: "own";
  readonly id: string;
  readonly text: string;
  readonly at: number;
  readonly state: OutboxEntry["state"];
  readonly code?: string;
  readonly reason?: string;
  /** The message that it replies to. */
  readonly replyTo?: Position;
  readonly files?: readonly File[];
}

/** Creates rows, and returns the same object for the same line, so that it is rendered once. */
export class RowCache {
  #rows = new WeakMap<TimelineLine | OutboxEntry, Row>();
  #me: Author | null = null;
  #gaps = 0;

  of(
    lines: readonly TimelineLine[],
    own: readonly OutboxEntry[],
    context: RowContext,
  ): readonly Row[] {
    if (context.me !== this.#me) this.#rows = new WeakMap();
    this.#me = context.me;
    const messages = own.filter(({ change, seen }) => !(change ?? seen));
    const taken = new Set(messages.map(({ key }) => key));
    return [
      ...lines.map((line) => this.#row(line, () => this.#ofLine(line, taken, context))),
      ...messages.map((one) => this.#row(one, () => ofOwn(one, context.writtenAt(one.key)))),
    ];
  }

  #row(from: TimelineLine | OutboxEntry, make: () => Row): Row {
    const known = this.#rows.get(from);
    if (known !== undefined) return known;
    const row = make();
    this.#rows.set(from, row);
    return row;
  }

  #ofLine(
    { message, epoch, restart = false }: TimelineLine,
    taken: ReadonlySet<string>,
    context: RowContext,
  ): Row {
    if (message === null) {
      this.#gaps += 1;
      return { kind: "gap", id: `gap ${this.#gaps}`, restart };
    }
    const own = this.#me !== null && isSameAuthor(message, this.#me);
    // A key is unique for five minutes only, so it identifies a row only if it was sent here.
    const sentHere = own && context.writtenAt(message.key) !== undefined && !taken.has(message.key);
    const id = sentHere ? message.key : `${epoch} ${message.offset}`;
    return { kind: "message", id, epoch, message, own };
  }
}

/** The data for rows besides the lines. */
export interface RowContext {
  readonly me: Author | null;
  /** When an own message was written here, if it was. */
  writtenAt(key: string): number | undefined;
}

function ofOwn({ key, text, state, code, reason, replyTo, files }: OutboxEntry, at = 0): OwnRow {
  const why = { ...(code !== undefined && { code }), ...(reason !== undefined && { reason }) };
  const reply = replyTo === undefined ? {} : { replyTo };
  return { kind: "own", id: key, text, at, state, ...why, ...reply, ...(files && { files }) };
}
