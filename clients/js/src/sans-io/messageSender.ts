/** Writing own messages: one at a time, in order, each until it's known to be stored or refused. */
import { RetryTimer } from "./backoff.ts";
import type { Effect } from "./effects.ts";
import type { Message, Position, Refusal, Reply, Send, Sent } from "./frames.ts";
import { Outbox } from "./outbox.ts";
import type { PendingCommands } from "./pendingCommands.ts";
import type { Timeline } from "./timeline.ts";

/** The outbox of a room, and the one message of it that is in flight. */
export class MessageSender {
  readonly outbox: Outbox;
  /** Of a text, as the last welcome said. */
  mostCharacters = Number.POSITIVE_INFINITY;
  readonly #room: string;
  readonly #timeline: Timeline;
  readonly #pending: PendingCommands;
  readonly #retry: RetryTimer;
  /** The id of the command in flight: the reply to an earlier one comes too late to count. */
  #inFlight: number | null = null;

  constructor(
    room: string,
    timeline: Timeline,
    pending: PendingCommands,
    options: MessageSenderOptions,
  ) {
    this.outbox = new Outbox(options.bound);
    this.#room = room;
    this.#timeline = timeline;
    this.#pending = pending;
    this.#retry = new RetryTimer(options.random);
  }

  /** Put an own message into the outbox, if there's a room for it in both senses (TL6). */
  put(key: string, text: string, wanted: boolean): Effect[] {
    if (this.outbox.has(key)) return [];
    if (!wanted) return [["failed", this.#room, key, "not_joined", ""]];
    if (this.outbox.full) return [["failed", this.#room, key, "outbox_full", ""]];
    // Half a surrogate pair can't be UTF-8; the server would refuse the whole frame (TL15).
    this.outbox.put(key, text.toWellFormed());
    return [];
  }

  /** Write the next message, if it is time. */
  write(now: number, live: boolean): Effect[] {
    if (!this.#mayWrite(live) || this.#retry.waits(now)) return [];
    const failed = this.#failTooLong();
    const { next } = this.outbox;
    if (next === undefined) return failed;
    this.#retry.forget();
    const { key, text } = next;
    const room = this.#room;
    const send = this.#pending.issue((id) => ({ type: "send", id, room, text, key }), now);
    this.#inFlight = send.id;
    return [...failed, ["command", send]];
  }

  /** Refuse what the server would, for a frame over its limit would end the connection (TL15). */
  #failTooLong(): Effect[] {
    const done: Effect[] = [];
    for (let own = this.outbox.next; own !== undefined; own = this.outbox.next) {
      if (!isLonger(own.text, this.mostCharacters)) break;
      this.outbox.refuse(own.key, "too_long", "");
      done.push(["failed", this.#room, own.key, "too_long", ""]);
    }
    return done;
  }

  #mayWrite(live: boolean): boolean {
    // TL6: one at a time. TL7: not while the replay may still settle what had been stored.
    return live && this.#timeline.caughtUp && this.#inFlight === null;
  }

  deadline(live: boolean): number | null {
    return this.outbox.next !== undefined && this.#mayWrite(live) ? this.#retry.due : null;
  }

  onReply(send: Send, reply: Reply, now: number): Effect[] {
    if (send.id !== this.#inFlight) return [];
    this.#inFlight = null;
    if (reply.type === "sent") return this.#stored(send.key, reply);
    return reply.type === "error" ? this.#refused(send.key, reply, now) : [];
  }

  /** Tell that it's stored, unless its message told so. The position stays where it is (TL9). */
  #stored(key: string, { epoch, offset, duplicate }: Sent): Effect[] {
    this.#retry.succeeded();
    const news = this.outbox.acknowledge(key, { epoch, offset });
    if (this.#timeline.position !== null) this.outbox.passed(this.#timeline.position);
    return news ? [["sent", this.#room, key, { epoch, offset, duplicate }]] : [];
  }

  #refused(key: string, refusal: Refusal, now: number): Effect[] {
    const { code, message, retry, retry_after } = refusal;
    if (retry)
      this.#retry.refused(now, retry_after); // TL11
    else if (this.outbox.refuse(key, code, message))
      return [["failed", this.#room, key, code, message]];
    return [];
  }

  /** Settle the own message that this one is, and those that the position has passed (TL8, TL14). */
  seen(message: Message, position: Position, user: string): Effect[] {
    const news = message.user === user && this.outbox.seen(message.key);
    this.outbox.passed(position);
    if (!news) return [];
    const receipt = { epoch: position.epoch, offset: message.offset, duplicate: false };
    return [["sent", this.#room, message.key, receipt]];
  }

  /** Let all that wait fail with their room (CS11). */
  refuseAll({ code, message }: Refusal): Effect[] {
    return this.outbox.own
      .filter(({ key }) => this.outbox.refuse(key, code, message))
      .map(({ key }) => ["failed", this.#room, key, code, message]);
  }

  /** Forget what is in flight: it is the first of the outbox again (TL10). */
  onLost(): void {
    this.#inFlight = null;
    this.#retry.forget();
  }
}

export interface MessageSenderOptions {
  readonly bound: number;
  readonly random: () => number;
}

/** Tell whether a text has more characters (code points) than this. */
export function isLonger(text: string, most: number): boolean {
  return text.length > most && [...text].length > most;
}
