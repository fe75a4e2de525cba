/** The commands that wait for their reply. */
import type { Reply, Request } from "./frames.ts";

const unanswered = 15_000; // CS5

const replies = {
  hello: "welcome",
  join: "joined",
  leave: "left",
  send: "sent",
  history: "page",
  who: "members",
  refresh: "refreshed",
} as const satisfies Record<Request["type"], Reply["type"]>;

/** Numbers the commands of one client, and matches the replies to them. */
export class PendingCommands {
  #last = 0;
  readonly #open = new Map<number, { readonly request: Request; readonly due: number }>();

  /** Make a command with the next id, and remember that it wants an reply. */
  issue<R extends Request>(make: (id: number) => R, now: number): R {
    this.#last += 1; // CS12
    const request = make(this.#last);
    this.#open.set(this.#last, { request, due: now + unanswered });
    return request;
  }

  /** Find the command that this replies; what replies nothing, or another kind of it, is ignored. */
  resolve(reply: Reply): Request | null {
    const request = reply.id === undefined ? undefined : this.#open.get(reply.id)?.request;
    if (request === undefined) return null;
    if (reply.type !== "error" && reply.type !== replies[request.type]) return null;
    this.#open.delete(request.id);
    return request;
  }

  /** Expect no replies any more: the connection is gone. */
  forget(): void {
    this.#open.clear();
  }

  get deadline(): number | null {
    // Ids and deadlines grow together, so the first that is open is the first that is late.
    for (const { due } of this.#open.values()) return due;
    return null;
  }
}
