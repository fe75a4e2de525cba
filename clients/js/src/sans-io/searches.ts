/** Searches in rooms: a few at a time, each with a result (SR4). */
import type { Effect, RoomInput } from "./effects.ts";
import type { Reply, Request } from "./frames.ts";
import type { PendingCommands } from "./pendingCommands.ts";

const atOnce = 4;

type Asked = RoomInput & readonly ["search", ...unknown[]];

/** Sends searches, and reports a result for each, also if there is no reply. */
export class PendingSearches {
  readonly #pending: PendingCommands;
  readonly #open = new Map<number, Asked>();

  constructor(pending: PendingCommands) {
    this.#pending = pending;
  }

  search(asked: Asked, now: number, live: boolean): Effect[] {
    if (!live) return [failed(asked, "not_joined")];
    if (this.#open.size >= atOnce) return [failed(asked, "busy")];
    const [, room, query, before] = asked;
    const place = before === "" ? {} : { before };
    const search = this.#pending.issue(
      (id) => ({ type: "search", id, room, query, ...place }),
      now,
    );
    this.#open.set(search.id, asked);
    return [["command", search]];
  }

  onReply(request: Request, reply: Reply): Effect[] {
    const asked = this.#open.get(request.id);
    if (asked === undefined) return [];
    this.#open.delete(request.id);
    if (reply.type === "error") return [failed(asked, reply.code)];
    if (reply.type !== "found") return [failed(asked, "internal")];
    const page = { hits: reply.hits, more: reply.more ?? null };
    return [["found", asked[1], asked[2], asked[3], page]];
  }

  /** Report all searches as failed, because the connection was lost. */
  giveUp(): Effect[] {
    const asked = [...this.#open.values()];
    this.#open.clear();
    return asked.map((one) => failed(one, "lost"));
  }
}

/** Return the effect of a search without a result. */
function failed([, room, query, before]: Asked, code: string): Effect {
  return ["found", room, query, before, code];
}
