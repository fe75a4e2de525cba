/** Searches, threads, topics and tickets of rooms: a few at a time, each with a result (SR4, TH4, TP5, FL5). */
import type { Effect, PageInput, SearchPage, ThreadPage, UploadTicket } from "./effects.ts";
import type { Upload } from "./fileFrames.ts";
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

const effects = { search: "found", thread: "thread", topic: "topic", upload: "ticket" } as const;

type Result = SearchPage | ThreadPage | Position | UploadTicket | string;

/** Sends requests, and reports a result for each, also if there is no reply. */
export class PendingSearches {
  readonly #pending: PendingCommands;
  readonly #open = new Map<number, PageInput>();

  constructor(pending: PendingCommands) {
    this.#pending = pending;
  }

  has(request: Request): boolean {
    return this.#open.has(request.id);
  }

  /** Send a request; `position` is that of the room, null if it is not live. */
  request(asked: PageInput, now: number, position: Position | null): Effect[] {
    if (position === null) return [effectOf(asked, "not_joined")];
    if (this.#open.size >= atOnce) return [effectOf(asked, "busy")];
    const command = this.#pending.issue((id) => commandOf(asked, id, position), now);
    this.#open.set(command.id, asked);
    return [["command", command]];
  }

  onReply(request: Request, reply: Reply): Effect[] {
    const asked = this.#open.get(request.id);
    if (asked === undefined) return [];
    this.#open.delete(request.id);
    return [effectOf(asked, resultOf(reply))];
  }

  /** Report all requests as failed, because the connection was lost. */
  giveUp(): Effect[] {
    const asked = [...this.#open.values()];
    this.#open.clear();
    return asked.map((one) => effectOf(one, "lost"));
  }
}

/** The result in a reply. A reply always has the type of its request. */
function resultOf(reply: Reply): Result {
  switch (reply.type) {
    case "found":
      return { hits: reply.hits, more: reply.more ?? null };
    case "page":
      return { messages: reply.messages, before: continuation(reply) };
    case "sent":
      return { epoch: reply.epoch, offset: reply.offset };
    case "ticket":
      return { file: reply.file, expires: reply.expires };
    case "error":
      return reply.code;
    default:
      return "internal";
  }
}

function continuation({ more, before }: MessagesPage): number | null {
  return more ? (before ?? null) : null;
}

function commandOf(
  asked: PageInput,
  id: number,
  position: Position,
): Search | History | SetTopic | Upload {
  if (asked[0] === "upload") {
    const [type, room, name, size, media] = asked;
    return { type, id, room, name, size, ...(media !== "" && { media }) };
  }
  if (asked[0] === "search") {
    const [, room, query, before] = asked;
    return { type: "search", id, room, query, ...(before !== "" && { before }) };
  }
  if (asked[0] === "topic") return { type: "topic", id, room: asked[1], text: asked[2] };
  const [, room, thread, before] = asked;
  return { type: "history", id, room, before: before ?? position.offset + 1, thread };
}

/** The effect of a request: with its arguments, and then its result, which is a code if it has none. */
function effectOf([type, ...given]: PageInput, result: Result): Effect {
  return [effects[type], ...given, result] as unknown as Effect;
}
