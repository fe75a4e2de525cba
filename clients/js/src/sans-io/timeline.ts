/** The messages of a room: accepted ones, duplicates and holes. */
import { fold } from "./folding.ts";
import type { Change, Entry, Joined, Message, MessagesPage, Position, Reset } from "./frames.ts";

const mostHoles = 3; // TL3
const unwritten = "unwritten"; // RM10
/** So many times the usual number of lines are kept while none may be dropped. */
const mostKept = 10;

export type ChainVerdict = "accepted" | "duplicate" | "hole";

/** A line of the view; `message` is null for a gap. After a `restart` the messages are of another epoch. */
export interface TimelineLine {
  readonly epoch: string;
  readonly message: Message | null;
  readonly restart?: boolean;
}

/** The chain of messages of a room, and the last of them for the view. */
export class Timeline {
  position: Position | null = null;
  /** The topic of the room; null without one. */
  topic: string | null = null;
  /** Replaced, never mutated. */
  lines: readonly TimelineLine[] = [];
  /** Whether nothing is older than the first line. */
  beginning = false;
  /** Whether it started over after a gap: then the first line need not be the beginning of the room. */
  lost = false;
  readonly #most: number;
  #first: Position | null = null;
  #head = 0;
  #holes = 0;
  #keepsAll = false;

  /** Keep up to `most` lines; above that the oldest are dropped, and can be loaded again as history. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Accept the entry if it is the next one (TL1, TL2). */
  accept(entry: Entry): ChainVerdict {
    if (this.position === null || entry.offset <= this.position.offset) return "duplicate";
    if (entry.prev !== this.position.offset) {
      this.#holes += 1;
      return "hole";
    }
    if (entry.type === "message") {
      this.#keep([entry], this.position.epoch);
      this.#count(entry);
      if (entry.event === "topic") this.topic = entry.text || null;
    } else this.#apply(entry, this.position.epoch);
    return "accepted";
  }

  /** Fold a change into its message, if the view has it (TL17). */
  #apply(change: Change, epoch: string): void {
    this.position = { epoch, offset: change.offset };
    this.#holes = 0;
    const index = this.#indexOf(change.target);
    const message = this.lines[index]?.message;
    if (message) this.lines = this.lines.with(index, { epoch, message: fold(message, [change]) });
  }

  /** Count a reply in the root of its thread, if the view has it (TL19). */
  #count({ offset, reply_to, thread = reply_to }: Message): void {
    const index = thread === undefined ? -1 : this.#indexOf(thread);
    const line = this.lines[index];
    const { count, last } = line?.message?.replies ?? { count: 0, last: 0 };
    if (!line?.message || offset <= last) return;
    const replies = { count: count + 1, last: offset };
    this.lines = this.lines.with(index, { ...line, message: { ...line.message, replies } });
  }

  /** Return a message of the view, as it is shown now; null if the view has not got it. */
  shown(offset: number): Message | null {
    return this.lines[this.#indexOf(offset)]?.message ?? null;
  }

  /** Above a gap, offsets may be those of another epoch. */
  #indexOf(offset: number): number {
    const index = this.lines.findLastIndex(
      ({ message }) => message === null || message.offset === offset,
    );
    return this.lines[index]?.message ? index : -1;
  }

  /** Start over with an unrecovered join; true if there was a position before (TL4). */
  startOver({ epoch, head, messages, topic }: Joined): boolean {
    this.topic = topic ?? null;
    const before = this.position;
    const hadPosition = before !== null;
    this.position = { epoch, offset: head };
    this.lines = this.#keptBy(before, epoch);
    this.#first = null;
    this.beginning = false;
    this.lost ||= hadPosition;
    this.#holes = 0;
    this.#head = head;
    this.#keep(
      messages.filter((entry) => entry.type === "message"),
      epoch,
    );
    // Changes behind the last message are folded into the messages.
    this.position = { epoch, offset: head };
    return hadPosition;
  }

  /** Resume with a join whose replay ends at its head (TL4, TL7). */
  resume({ epoch, head, topic }: Joined): void {
    this.topic = topic ?? null;
    this.#head = head;
    if (this.#isUnwritten) this.position = { epoch, offset: 0 };
  }

  /** Messages of another epoch stay above a gap: the server no longer has them, but the user has read them. */
  #keptBy(before: Position | null, epoch: string): readonly TimelineLine[] {
    const last = this.lines.at(-1);
    if (before === null || before.epoch === epoch || last === undefined) return [];
    if (last.restart) return this.lines;
    return [...this.lines, { epoch: before.epoch, message: null, restart: true }];
  }

  /** Continue after a reset; true if it reports a gap that the server cannot fill (TL5). */
  reset({ epoch, offset }: Reset): boolean {
    const begins = this.#isUnwritten && offset === 0;
    const before = this.position?.epoch ?? epoch;
    this.position = { epoch, offset };
    this.#head = offset; // nothing more is replayed (TL7)
    const gap = { epoch: before, message: null };
    if (!begins) this.#hold([before === epoch ? gap : { ...gap, restart: true }]);
    return !begins;
  }

  /** Whether the room had no messages yet: its first one begins an epoch (RM10). */
  get #isUnwritten(): boolean {
    return this.position?.epoch === unwritten;
  }

  /** Return to an earlier position, as if no later message had been accepted (TL16). */
  rewind(to: Position): void {
    this.position = to;
    this.#holes = 0;
    this.lines = this.lines.filter(
      ({ epoch, message }) =>
        epoch !== to.epoch || (message !== null && message.offset <= to.offset),
    );
  }

  /** Drop messages that may be lost (TL8). */
  drop(lost: readonly Position[]): void {
    if (lost.length === 0) return;
    this.lines = this.lines.filter(
      (line) => !lost.some((at) => at.epoch === line.epoch && at.offset === line.message?.offset),
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
    const most = this.#keepsAll ? this.#most * mostKept : this.#most;
    this.lines = lines.length > most ? this.#letGo(lines) : lines;
  }

  /** Drop no lines while the user reads the oldest ones, up to a limit far above the usual one. */
  keepAll(on: boolean): void {
    this.#keepsAll = on;
    if (!on && this.lines.length > this.#most) this.lines = this.#letGo(this.lines);
  }

  /** Drop the oldest fifth at once, so that a full timeline is not cut at every message. */
  #letGo(lines: readonly TimelineLine[]): readonly TimelineLine[] {
    const from = lines.length - Math.floor(this.#most * 0.8);
    const kept = lines.slice(lines.findIndex(({ message }, at) => at >= from && message !== null));
    const first = kept[0];
    if (first === undefined || first.message === null) return lines;
    this.#first = { epoch: first.epoch, offset: first.message.offset };
    this.beginning = false;
    return kept;
  }

  /** The position for a join; null after too many holes (TL3). */
  get since(): Position | null {
    return this.#holes >= mostHoles ? null : this.position;
  }

  /** Whether the replay that `joined` promised is over (TL7). */
  get caughtUp(): boolean {
    return this.position !== null && this.position.offset >= this.#head;
  }

  /** Count holes from 0 again, on a new connection. */
  resetHoles(): void {
    this.#holes = 0;
  }

  /** The offset before which history continues; null at the beginning of the room (TL13). */
  get before(): number | null {
    if (this.beginning || this.position === null) return null;
    if (this.#first === null) return this.position.offset + 1;
    return this.#first.epoch === this.position.epoch ? this.#first.offset : null;
  }

  /** Insert a page of history before the first message; return its new messages (TL13). */
  insertPage({ messages, more, before: continues }: MessagesPage): readonly Message[] {
    const { before } = this;
    if (this.position === null || before === null) return [];
    const { epoch } = this.position;
    const page = messages.filter(({ offset }) => offset < before);
    const first = continues ?? page[0]?.offset;
    if (first !== undefined) this.#first = { epoch, offset: Math.min(first, before) };
    const after = this.lines.findLastIndex((line) => line.epoch !== epoch) + 1;
    this.lines = this.lines.toSpliced(after, 0, ...page.map((message) => ({ epoch, message })));
    this.beginning = !more;
    return page;
  }
}
