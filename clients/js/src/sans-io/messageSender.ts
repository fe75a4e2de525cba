/** Send own messages: one at a time, in order, each until it is acknowledged or rejected. */
import { RetryTimer } from "./backoff.ts";
import type { Effect } from "./effects.ts";
import type { Message, Position, Refusal, Reply, Send, Sent } from "./frames.ts";
import { Outbox } from "./outbox.ts";
import type { PendingCommands } from "./pendingCommands.ts";
import type { Timeline } from "./timeline.ts";

/** The outbox of a room, and its one message in flight. */
export class MessageSender {
  readonly outbox: Outbox;
  /** The limit of a text, from the last welcome. */
  mostCharacters = Number.POSITIVE_INFINITY;
  readonly #room: string;
  readonly #timeline: Timeline;
  readonly #pending: PendingCommands;
  readonly #retry: RetryTimer;
  /** The id of the command in flight; replies to earlier commands are ignored. */
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

  /** Put an own message into the outbox, if the room is wanted and the outbox not full (TL6). */
  put(key: string, text: string, wanted: boolean): Effect[] {
    if (this.outbox.has(key)) return [];
    if (!wanted) return [["failed", this.#room, key, "not_joined", ""]];
    if (this.outbox.full) return [["failed", this.#room, key, "outbox_full", ""]];
    // UTF-8 cannot encode a lone surrogate; the server would reject the whole frame (TL15).
    this.outbox.put(key, text.toWellFormed());
    return [];
  }

  /** Send the next message if possible. */
  write(now: number, live: boolean): Effect[] {
    if (!this.#mayWrite(live) || this.#retry.isPending(now)) return [];
    const failed = this.#failTooLong();
    const { next } = this.outbox;
    if (next === undefined) return failed;
    this.#retry.cancel();
    const { key, text } = next;
    const room = this.#room;
    const send = this.#pending.issue((id) => ({ type: "send", id, room, text, key }), now);
    this.#inFlight = send.id;
    return [...failed, ["command", send]];
  }

  /** Reject texts that are too long: a frame above the limit would close the connection (TL15). */
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
    // TL6: one at a time. TL7: not while the replay may still settle stored messages.
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

  /** Report that it is stored, unless its message did. The position does not move (TL9). */
  #stored(key: string, { epoch, offset, duplicate }: Sent): Effect[] {
    this.#retry.reset();
    const news = this.outbox.acknowledge(key, { epoch, offset });
    if (this.#timeline.position !== null) this.outbox.passed(this.#timeline.position);
    return news ? [["sent", this.#room, key, { epoch, offset, duplicate }]] : [];
  }

  #refused(key: string, refusal: Refusal, now: number): Effect[] {
    const { code, message, retry, retry_after } = refusal;
    if (retry)
      this.#retry.schedule(now, retry_after); // TL11
    else if (this.outbox.refuse(key, code, message))
      return [["failed", this.#room, key, code, message]];
    return [];
  }

  /** Settle the own message with this key, and those that the position has passed (TL8, TL14). */
  seen(message: Message, position: Position, own: boolean): Effect[] {
    const news = own && this.outbox.seen(message.key);
    this.outbox.passed(position);
    if (!news) return [];
    const receipt = { epoch: position.epoch, offset: message.offset, duplicate: false };
    return [["sent", this.#room, message.key, receipt]];
  }

  /** Fail all queued messages, because the room was refused (CS11). */
  refuseAll({ code, message }: Refusal): Effect[] {
    return this.outbox.own
      .filter(({ key }) => this.outbox.refuse(key, code, message))
      .map(({ key }) => ["failed", this.#room, key, code, message]);
  }

  /** Forget the message in flight: it is the head of the outbox again (TL10). */
  onLost(): void {
    this.#inFlight = null;
    this.#retry.cancel();
  }
}

export interface MessageSenderOptions {
  readonly bound: number;
  readonly random: () => number;
}

/** Return whether a text has more than `most` characters (code points). */
export function isLonger(text: string, most: number): boolean {
  return text.length > most && [...text].length > most;
}
