/** The commands that wait for a reply. */
import type { Reply, Request } from "./frames.ts";

const replyTimeout = 15_000; // CS5

const replies = {
  hello: "welcome",
  join: "joined",
  leave: "left",
  send: "sent",
  upload: "ticket",
  edit: "sent",
  delete: "sent",
  react: "sent",
  unreact: "sent",
  history: "page",
  who: "members",
  away: "away",
  search: "found",
  topic: "sent",
  directory: "directory",
  rooms: "rooms",
  read: "marked",
  refresh: "refreshed",
} as const satisfies Record<Request["type"], Reply["type"]>;

/** Assigns ids to the commands of a client, and matches replies to them. */
export class PendingCommands {
  #last = 0;
  readonly #open = new Map<number, { readonly request: Request; readonly due: number }>();

  /** Create a command with the next id, and remember that it expects a reply. */
  issue<R extends Request>(make: (id: number) => R, now: number): R {
    this.#last += 1; // CS12
    const request = make(this.#last);
    this.#open.set(this.#last, { request, due: now + replyTimeout });
    return request;
  }

  /** Return the command of this reply; null if the reply matches none, or has the wrong type. */
  resolve(reply: Reply): Request | null {
    const request = reply.id === undefined ? undefined : this.#open.get(reply.id)?.request;
    if (request === undefined) return null;
    if (reply.type !== "error" && reply.type !== replies[request.type]) return null;
    this.#open.delete(request.id);
    return request;
  }

  /** Drop all commands, because the connection was lost. */
  forget(): void {
    this.#open.clear();
  }

  get deadline(): number | null {
    // Ids and deadlines increase together, so the first one is due first.
    for (const { due } of this.#open.values()) return due;
    return null;
  }
}
