/** Send own messages: one at a time, in order, each until it is acknowledged or rejected. */
import { RetryTimer } from "./backoff.ts";
import type { Effect, RoomInput } from "./effects.ts";
import type { ChangeCommand, Entry, Position, Refusal, Reply, Send, Sent } from "./frames.ts";
import { Outbox, type OutboxEntry } from "./outbox.ts";
import type { PendingCommands } from "./pendingCommands.ts";
import type { Timeline } from "./timeline.ts";

/** A client that has to wait for longer leaves it to the user to send again, in ms (TL11). */
const longestRetry = 60_000;
/** The server knows a key for five minutes. After this time a received message is not sent again, in ms (TL8). */
const keyIsKnown = 240_000;

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

  /** Put an own message or change into the outbox, if the room is wanted and the outbox not full (TL6). */
  put(input: OwnInput, now: number, wanted: boolean): Effect[] {
    const key = input[2];
    if (this.outbox.has(key)) return [];
    if (!wanted) return [["failed", this.#room, key, "not_joined", ""]];
    if (this.outbox.full) return [["failed", this.#room, key, "outbox_full", ""]];
    // UTF-8 cannot encode a lone surrogate; the server would reject the whole frame (TL15).
    if (input[0] === "send") {
      this.outbox.put(writtenAt(input, now));
    } else {
      const change = input[3];
      this.outbox.put({ key, text: (change.text ?? "").toWellFormed(), change });
    }
    return [];
  }

  /** Drop a message that is not in flight (TL12). */
  discard(key: string): Effect[] {
    return this.outbox.discard(key) ? [["failed", this.#room, key, "discarded", ""]] : [];
  }

  /** Send the next message if possible. */
  write(now: number, live: boolean): Effect[] {
    if (!this.#mayWrite(live) || this.#retry.isPending(now)) return [];
    const settled = this.#settle(now);
    const { next } = this.outbox;
    if (next === undefined) return settled;
    this.#retry.cancel();
    this.outbox.send(next, now);
    const command = this.#pending.issue((id) => this.#command(id, next), now);
    this.#inFlight = command.id;
    return [...settled, ["command", command]];
  }

  #command(id: number, { key, text, replyTo, files, change }: OutboxEntry): Send | ChangeCommand {
    const room = this.#room;
    if (change !== undefined) {
      const { target, emoji } = change;
      const what = {
        ...(change.change === "edit" && { text }),
        ...(emoji !== undefined && { emoji }),
      };
      const { offset, epoch } = target;
      return { type: change.change, id, room, target: offset, ...what, epoch, key };
    }
    // A reply to a message of another epoch is sent as a plain message (TL18).
    const isKnown = replyTo?.epoch === this.#timeline.position?.epoch;
    const reply = replyTo !== undefined && isKnown ? { reply_to: replyTo.offset } : {};
    const attached = files && { files: files.map((file) => file.id) };
    return { type: "send", id, room, text, key, ...reply, ...attached };
  }

  /**
   * Settle what is not sent: what is in the room, with a key that the server may not know (TL8). And what is too
   * long: a frame above the limit would close the connection (TL15).
   */
  #settle(now: number): Effect[] {
    const done: Effect[] = [];
    for (let own = this.outbox.next; own !== undefined; own = this.outbox.next) {
      const { key, seen, written = now } = own;
      if (seen && now - written >= keyIsKnown) {
        this.outbox.settle(key);
        done.push(["sent", this.#room, key, { ...seen, duplicate: false }]);
      } else if (isLonger(own.text, this.mostCharacters)) {
        this.outbox.refuse(key, "too_long", "");
        done.push(["failed", this.#room, key, "too_long", ""]);
      } else break;
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

  onReply(send: Send | ChangeCommand, reply: Reply, now: number): Effect[] {
    if (send.id !== this.#inFlight) return [];
    this.#inFlight = null;
    if (reply.type === "sent") return this.#stored(send.key, reply);
    return reply.type === "error" ? this.#refused(send.key, reply, now) : [];
  }

  /** Report that it is stored. The position does not move (TL9). */
  #stored(key: string, { epoch, offset, duplicate }: Sent): Effect[] {
    this.#retry.reset();
    const news = this.outbox.acknowledge(key, { epoch, offset });
    if (this.#timeline.position !== null) this.outbox.passed(this.#timeline.position);
    return news ? [["sent", this.#room, key, { epoch, offset, duplicate }]] : [];
  }

  #refused(key: string, refusal: Refusal, now: number): Effect[] {
    const { code, message, retry, retry_after } = refusal;
    if (retry && (retry_after ?? 0) <= longestRetry) {
      this.#retry.schedule(now, retry_after); // TL11
      this.outbox.hold(key, { code, reason: message });
      return [];
    }
    const failed = this.outbox.refuse(key, code, message);
    return failed ? [["failed", this.#room, key, code, message]] : [];
  }

  /** Note that an own entry is in the room, and drop those that the position has passed (TL8, TL14). */
  seen({ key, offset }: Entry, position: Position, own: boolean): void {
    if (own) this.outbox.see(key, { epoch: position.epoch, offset });
    this.outbox.passed(position);
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

/** Return the entry of a message that is put into the outbox. */
function writtenAt(input: OwnInput & readonly ["send", ...unknown[]], now: number) {
  const [, , key, text, replyTo, age, files] = input;
  return {
    key,
    text: text.toWellFormed(),
    ...(typeof age === "number" && { written: now - age }),
    ...(replyTo && { replyTo }),
    ...(files && { files }),
  };
}

type OwnInput = RoomInput & readonly ["send" | "change", ...unknown[]];

export interface MessageSenderOptions {
  readonly bound: number;
  readonly random: () => number;
}

/** Return whether a text has more than `most` characters (code points). */
export function isLonger(text: string, most: number): boolean {
  return text.length > most && [...text].length > most;
}
