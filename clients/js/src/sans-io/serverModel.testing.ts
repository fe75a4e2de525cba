/** A model of a node with one room and one user on a lossy link. For tests only. */
import type { Effect } from "./effects.ts";
import type { Command, Event, Joined, Message, Refusal } from "./frames.ts";

export const room = "lobby";
const keptAtFirst = 50;

interface Stored {
  readonly key: string;
  readonly epoch: string;
  readonly offset: number;
}

/** Stores messages like a node; a test may manipulate the frames in flight. */
export class ModelServer {
  /** All messages of this epoch. */
  log: Message[] = [];
  epoch = "e1";
  /** All stored messages of the client, in order, in all epochs. */
  readonly own: Stored[] = [];
  /** Frames in flight to the client. */
  line: Event[] = [];
  /** How often a loss was reported to the client. */
  losses = 0;
  away = false;
  #keptFrom = 0;
  #epochs = 1;
  #member = false;
  #welcomed = false;

  get head(): number {
    return this.log.at(-1)?.offset ?? 0;
  }

  /** Lose the connection, with all frames in flight. */
  cut(): void {
    this.line = [];
    this.#member = false;
    this.#welcomed = false;
  }

  publish(user: string, key: string, text: string, leap = 1): Message {
    const prev = this.head;
    const message: Message = {
      type: "message",
      room,
      offset: prev + leap,
      prev,
      key,
      user,
      text,
      at: 0,
    };
    this.log.push(message);
    if (user === "ann") this.own.push({ key, epoch: this.epoch, offset: message.offset });
    if (this.#member) this.line.push(message);
    return message;
  }

  /** Trim all but the last `keep` messages. */
  trim(keep: number): void {
    this.#keptFrom = Math.max(this.#keptFrom, this.log.length - keep);
  }

  /** Lose everything, as a node does that keeps messages in memory. */
  newEpoch(): void {
    this.#epochs += 1;
    this.epoch = `e${this.#epochs}`;
    this.log = [];
    this.#keptFrom = 0;
    if (!this.#member) return;
    this.losses += 1;
    this.line.push({ type: "reset", room, epoch: this.epoch, offset: 0 });
  }

  /** Process a command; `ackFirst`: the reply to `send` comes before its message. */
  take(command: Command, ackFirst: boolean): void {
    switch (command.type) {
      case "hello":
        this.#welcome(command.id);
        break;
      case "join":
        this.#reply(command.id, () => this.#join(command));
        break;
      case "send":
        this.#reply(command.id, () => this.#send(command, ackFirst));
        break;
      case "history":
        this.#reply(command.id, () => this.#page(command));
    }
  }

  #welcome(id: number): void {
    this.#welcomed = true;
    const limits = { frame: 65_536, text: 4_000, rooms: 100, sends: 10, burst: 20 };
    const who = { user: "ann", session: "s", ping: 25_000, time: 0, limits };
    this.line.push({ type: "welcome", id, ...who });
  }

  #reply(id: number, reply: () => void): void {
    const refusal: Refusal = { type: "error", id, code: "unavailable", message: "", retry: true };
    if (!this.#welcomed) this.line.push({ ...refusal, code: "hello_first", retry: false });
    else if (this.away) this.line.push(refusal);
    else reply();
  }

  get #kept(): Message[] {
    return this.log.slice(this.#keptFrom);
  }

  #join({ id, since }: Command & { type: "join" }): void {
    const recovered = since !== undefined && this.#keepsBehind(since.epoch, since.offset);
    if (since !== undefined && !recovered) this.losses += 1;
    const from = recovered ? since.offset : -1;
    const behind = this.#kept.filter(({ offset }) => offset > from);
    const messages = recovered ? behind.slice(0, 3) : behind.slice(-3);
    const { epoch, head } = this;
    const members = { count: 1, names: ["ann"], more: false };
    const joined: Joined = {
      type: "joined",
      id,
      room,
      epoch,
      head,
      recovered,
      messages,
      members,
    };
    this.line.push(joined);
    if (recovered) this.line.push(...behind.slice(3));
    this.#member = true;
  }

  #keepsBehind(epoch: string, offset: number): boolean {
    const lastLost = this.log[this.#keptFrom - 1]?.offset ?? 0;
    return epoch === this.epoch && offset <= this.head && offset >= lastLost;
  }

  #send({ id, key, text }: Command & { type: "send" }, ackFirst: boolean): void {
    if (!this.#member) {
      const code = "not_joined";
      this.line.push({ type: "error", id, code, message: "", retry: false });
      return;
    }
    const { epoch } = this;
    const before = this.own.find((stored) => stored.key === key && stored.epoch === epoch);
    if (before !== undefined) {
      this.line.push({ type: "sent", id, epoch, offset: before.offset, duplicate: true });
      return;
    }
    const { offset } = this.publish("ann", key, text);
    const at = ackFirst ? this.line.length - 1 : this.line.length;
    this.line.splice(at, 0, { type: "sent", id, epoch, offset, duplicate: false });
  }

  #page({ id, before }: Command & { type: "history" }): void {
    const older = this.#kept.filter(({ offset }) => offset < before);
    const messages = older.slice(-Math.min(keptAtFirst, 4));
    const more = older.length > messages.length;
    this.line.push({ type: "page", id, room, messages, more });
  }
}

export function commandsOf(effects: readonly Effect[]): Command[] {
  return effects.flatMap((effect) => (effect[0] === "command" ? [effect[1]] : []));
}
