/** Requests for pages of history and names: one of each at a time, each with a result. */
import type { Effect } from "./effects.ts";
import type { Reply, Request } from "./frames.ts";
import type { PendingCommands } from "./pendingCommands.ts";
import type { Timeline } from "./timeline.ts";

/** Requests a page, and reports a result also if it could not be read (TL13, PS3). */
export class PageRequests {
  readonly #room: string;
  readonly #timeline: Timeline;
  readonly #pending: PendingCommands;
  #older: number | null = null;
  #names: number | null = null;

  constructor(room: string, timeline: Timeline, pending: PendingCommands) {
    this.#room = room;
    this.#timeline = timeline;
    this.#pending = pending;
  }

  /** Request the page before the first message (TL13). */
  older(now: number, live: boolean): Effect[] {
    if (this.#older !== null) return [];
    const { before } = this.#timeline;
    if (!live || before === null) return [["older", this.#room, [], !live]];
    const room = this.#room;
    const history = this.#pending.issue((id) => ({ type: "history", id, room, before }), now);
    this.#older = history.id;
    return [["command", history]];
  }

  /** Request the names after `after` (PS3). */
  names(after: string, now: number, live: boolean): Effect[] {
    if (this.#names !== null) return [];
    if (!live) return [["members", this.#room, null]];
    const room = this.#room;
    const page = after === "" ? {} : { after };
    const who = this.#pending.issue((id) => ({ type: "who", id, room, ...page }), now);
    this.#names = who.id;
    return [["command", who]];
  }

  onReply(request: Request, reply: Reply): Effect[] {
    if (request.id === this.#older) return this.#olderReplied(reply);
    return request.id === this.#names ? this.#namesReplied(reply) : [];
  }

  #olderReplied(reply: Reply): Effect[] {
    if (reply.type !== "page") return this.giveUpOlder();
    this.#older = null;
    const page = this.#timeline.insertPage(reply);
    return [["older", this.#room, page, reply.more]];
  }

  #namesReplied(reply: Reply): Effect[] {
    if (reply.type !== "members") return this.#giveUpNames();
    this.#names = null;
    const { type, id, room, ...members } = reply;
    return [["members", room, members]];
  }

  /** Report open requests as failed, because the connection was lost. */
  giveUp(): Effect[] {
    return [...this.giveUpOlder(), ...this.#giveUpNames()];
  }

  giveUpOlder(): Effect[] {
    if (this.#older === null) return [];
    this.#older = null;
    return [["older", this.#room, [], true]];
  }

  #giveUpNames(): Effect[] {
    if (this.#names === null) return [];
    this.#names = null;
    return [["members", this.#room, null]];
  }
}
