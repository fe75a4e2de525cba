/** The messages of a room: what is the next one, what is a repeat, what is a hole. */
import type { Joined, Message, Position, Reset } from "./frames.ts";

const mostHoles = 3; // TL3

export type ChainVerdict = "accepted" | "duplicate" | "hole";

/** A message at its place; `message` is null for a gap behind that place. */
export interface TimelineLine {
  readonly epoch: string;
  readonly message: Message | null;
}

/** One room's chain of messages, and those of them that are held for the view. */
export class Timeline {
  position: Position | null = null;
  /** Replaced, never changed: whoever has it may keep it. */
  lines: readonly TimelineLine[] = [];
  /** Whether there's nothing older than the first line. */
  beginning = false;
  /** Whether it was begun anew behind a gap: then the first line need not be where the room began. */
  lost = false;
  readonly #most: number;
  #first: Position | null = null;
  #head = 0;
  #holes = 0;

  /** Hold up to `most` lines; of more, the oldest are let go, and can be paged back to. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Take the message if it's the next one (TL1, TL2). */
  take(message: Message): ChainVerdict {
    if (this.position === null || message.offset <= this.position.offset) return "duplicate";
    if (message.prev !== this.position.offset) {
      this.#holes += 1;
      return "hole";
    }
    this.#keep([message], this.position.epoch);
    return "accepted";
  }

  /** Begin anew with an unrecovered join, its messages as they stand; true if that gave up some (TL4). */
  begin({ epoch, head, messages }: Joined): boolean {
    const givenUp = this.position !== null;
    this.position = { epoch, offset: head };
    this.lines = [];
    this.#first = null;
    this.beginning = false;
    this.lost ||= givenUp;
    this.#holes = 0;
    this.#head = messages.at(-1)?.offset ?? head;
    this.#keep(messages, epoch);
    return givenUp;
  }

  /** Expect the replay to end at this head (TL7). */
  replayUpTo(head: number): void {
    this.#head = head;
  }

  /** Go on behind a gap that the server can't fill (TL5). */
  reset({ epoch, offset }: Reset): void {
    this.position = { epoch, offset };
    this.#head = offset; // nothing more is replayed (TL7)
    this.#hold([{ epoch, message: null }]);
  }

  /** Go back to an earlier position, as if nothing behind it had been taken (TL16). */
  rewind(to: Position): void {
    this.position = to;
    this.#holes = 0;
    this.lines = this.lines.filter(
      ({ message }) => message !== null && message.offset <= to.offset,
    );
  }

  #keep(messages: readonly Message[], epoch: string): void {
    const [first, last] = [messages[0], messages.at(-1)];
    if (first === undefined || last === undefined) return;
    this.position = { epoch, offset: last.offset };
    this.#first ??= { epoch, offset: first.offset };
    this.#holes = 0;
    this.#hold(messages.map((message) => ({ epoch, message })));
  }

  #hold(more: readonly TimelineLine[]): void {
    const lines = [...this.lines, ...more];
    this.lines = lines.length > this.#most ? this.#letGo(lines) : lines;
  }

  /** Let the oldest fifth go at once, so that a full timeline isn't cut at every message. */
  #letGo(lines: readonly TimelineLine[]): readonly TimelineLine[] {
    const from = lines.length - Math.floor(this.#most * 0.8);
    const kept = lines.slice(lines.findIndex(({ message }, at) => at >= from && message !== null));
    const first = kept[0];
    if (first === undefined || first.message === null) return lines;
    this.#first = { epoch: first.epoch, offset: first.message.offset };
    this.beginning = false;
    return kept;
  }

  /** What a join names; nothing behind too many holes, which the server seems not to see (TL3). */
  get since(): Position | null {
    return this.#holes >= mostHoles ? null : this.position;
  }

  /** Whether the replay that `joined` promised is over (TL7). */
  get caughtUp(): boolean {
    return this.position !== null && this.position.offset >= this.#head;
  }

  /** Count from 0 again: the holes were of a connection that is gone. */
  forgiveHoles(): void {
    this.#holes = 0;
  }

  /** The offset ahead of which history goes on; null at the beginning (TL13). */
  get before(): number | null {
    if (this.beginning || this.position === null) return null;
    if (this.#first === null) return this.position.offset + 1;
    return this.#first.epoch === this.position.epoch ? this.#first.offset : null;
  }

  /** Put a page of history ahead of the first message; gives what is new of it (TL13). */
  putAhead(messages: readonly Message[], more: boolean): readonly Message[] {
    const before = this.before;
    if (this.position === null || before === null) return [];
    const { epoch } = this.position;
    const page = messages.filter(({ offset }) => offset < before);
    const first = page[0];
    if (first !== undefined) this.#first = { epoch, offset: first.offset };
    this.lines = [...page.map((message) => ({ epoch, message })), ...this.lines];
    this.beginning = !more;
    return page;
  }
}
