/** Searches, threads and topics of rooms: a few at a time, each with a result (SR4, TH4, TP5). */
import type { Effect, RoomInput } from "./effects.ts";
import type {
  History,
  MessagesPage,
  Position,
  Reply,
  Request,
  Search,
  SetTopic,
} from "./frames.ts";
import type { PendingCommands } from "./pendingCommands.ts";

const atOnce = 4;

type Asked = RoomInput & readonly ["search" | "thread" | "topic", ...unknown[]];

/** Sends requests, and reports a result for each, also if there is no reply. */
export class PendingSearches {
  readonly #pending: PendingCommands;
  readonly #open = new Map<number, Asked>();

  constructor(pending: PendingCommands) {
    this.#pending = pending;
  }

  has(request: Request): boolean {
    return this.#open.has(request.id);
  }

  /** Send a request; `position` is that of the room, null if it is not live. */
  request(asked: Asked, now: number, position: Position | null): Effect[] {
    if (position === null) return [failed(asked, "not_joined")];
    if (this.#open.size >= atOnce) return [failed(asked, "busy")];
    const command = this.#pending.issue((id) => commandOf(asked, id, position), now);
    this.#open.set(command.id, asked);
    return [["command", command]];
  }

  onReply(request: Request, reply: Reply): Effect[] {
    const asked = this.#open.get(request.id);
    if (asked === undefined) return [];
    this.#open.delete(request.id);
    if (reply.type === "error") return [failed(asked, reply.code)];
    return [answered(asked, reply) ?? failed(asked, "internal")];
  }

  /** Report all requests as failed, because the connection was lost. */
  giveUp(): Effect[] {
    const asked = [...this.#open.values()];
    this.#open.clear();
    return asked.map((one) => failed(one, "lost"));
  }
}

function answered(asked: Asked, reply: Reply): Effect | null {
  if (asked[0] === "search") {
    if (reply.type !== "found") return null;
    return ["found", asked[1], asked[2], asked[3], { hits: reply.hits, more: reply.more ?? null }];
  }
  if (asked[0] === "topic") {
    if (reply.type !== "sent") return null;
    return ["topic", asked[1], asked[2], { epoch: reply.epoch, offset: reply.offset }];
  }
  if (reply.type !== "page") return null;
  const page = { messages: reply.messages, before: continuation(reply) };
  return ["thread", asked[1], asked[2], asked[3], page];
}

function continuation({ more, before }: MessagesPage): number | null {
  return more ? (before ?? null) : null;
}

function commandOf(asked: Asked, id: number, position: Position): Search | History | SetTopic {
  if (asked[0] === "search") {
    const [, room, query, before] = asked;
    return { type: "search", id, room, query, ...(before !== "" && { before }) };
  }
  if (asked[0] === "topic") return { type: "topic", id, room: asked[1], text: asked[2] };
  const [, room, thread, before] = asked;
  return { type: "history", id, room, before: before ?? position.offset + 1, thread };
}

/** Return the effect of a request without a result. */
function failed(asked: Asked, code: string): Effect {
  if (asked[0] === "search") return ["found", asked[1], asked[2], asked[3], code];
  if (asked[0] === "topic") return ["topic", asked[1], asked[2], code];
  return ["thread", asked[1], asked[2], asked[3], code];
}
