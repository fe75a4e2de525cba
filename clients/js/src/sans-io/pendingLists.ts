/** Lists that belong to no room: a few requests at a time, each with a result (DR3, RD7). */
import type { Effect, ListInput } from "./effects.ts";
import type { Reply, Request } from "./frames.ts";
import type { PendingCommands } from "./pendingCommands.ts";

const atOnce = 4;

/** Requests lists, and reports a result for each, also if there is no reply. */
export class PendingLists {
  readonly #pending: PendingCommands;
  readonly #open = new Map<number, ListInput>();

  constructor(pending: PendingCommands) {
    this.#pending = pending;
  }

  request(input: ListInput, now: number, isPossible: boolean): Effect[] {
    if (!isPossible || this.#open.size >= atOnce) return [result(input)];
    const command = this.#pending.issue((id) => commandOf(input, id), now);
    this.#open.set(command.id, input);
    return [["command", command]];
  }

  onReply(request: Request, reply: Reply): Effect[] {
    const input = this.#open.get(request.id);
    this.#open.delete(request.id);
    return input === undefined ? [] : [result(input, reply)];
  }

  /** Report all requests as failed, because the connection was lost. */
  giveUp(): Effect[] {
    const inputs = [...this.#open.values()];
    this.#open.clear();
    return inputs.map((input) => result(input));
  }
}

function commandOf(input: ListInput, id: number): Request {
  if (input[0] === "rooms")
    return { type: input[0], id, ...(input[1] !== "" && { after: input[1] }) };
  const [type, prefix, after] = input;
  return { type, id, ...(prefix !== "" && { prefix }), ...(after !== "" && { after }) };
}

/** Return the effect of a request: with the page of the reply, or null without one. */
function result([type, ...about]: ListInput, reply?: Reply): Effect {
  // A reply has the type that belongs to its command (`PendingCommands.resolve`).
  return [type, ...about, pageOf(reply)] as unknown as Effect;
}

function pageOf(reply: Reply | undefined) {
  switch (reply?.type) {
    case "rooms":
      return { rooms: reply.rooms, after: reply.after ?? null };
    case "directory":
      return { rooms: reply.rooms, after: reply.after ?? null, complete: reply.complete };
    default:
      return null;
  }
}
