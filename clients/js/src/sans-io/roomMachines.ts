/** All rooms of a client, in the order in which they were first named, and the lists of rooms. */
import { earliest } from "./backoff.ts";
import type { AwayInput, Effect, ListInput, RoomInput } from "./effects.ts";
import type { Position, Reply, Request, RoomEvent, Welcome } from "./frames.ts";
import { AwayReport } from "./members.ts";
import type { PendingCommands } from "./pendingCommands.ts";
import { PendingLists } from "./pendingLists.ts";
import { ReadMarks } from "./readMarks.ts";
import { type RoomBounds, RoomMachine } from "./roomMachine.ts";
import { PendingSearches } from "./searches.ts";

/** Routes each input, event and reply to its room. A room is kept once it was joined. */
export class RoomMachines {
  readonly #pending: PendingCommands;
  readonly #searches: PendingSearches;
  readonly #lists: PendingLists;
  readonly #away: AwayReport;
  readonly marks: ReadMarks;
  readonly #random: () => number;
  readonly #bounds: RoomBounds;
  readonly #rooms = new Map<string, RoomMachine>();
  /** Set while the connection is welcomed. */
  #welcome: Welcome | null = null;

  constructor(pending: PendingCommands, random: () => number, bounds: RoomBounds) {
    this.#pending = pending;
    this.#searches = new PendingSearches(pending);
    this.#lists = new PendingLists(pending);
    this.#away = new AwayReport(pending);
    this.marks = new ReadMarks(pending);
    this.#random = random;
    this.#bounds = bounds;
  }

  get(name: string): RoomMachine | undefined {
    return this.#rooms.get(name);
  }

  get deadline(): number | null {
    return earliest([...this.#rooms.values()].map((room) => room.deadline));
  }

  step(input: RoomInput | ListInput | AwayInput, now: number): Effect[] {
    if (input[0] === "away") return this.#away.set(input[1], now);
    if (input[0] === "directory" || input[0] === "rooms")
      return this.#lists.request(input, now, this.#welcome !== null);
    if (input[0] === "join") return this.#join(input, now);
    const room = this.#rooms.get(input[1]);
    if (
      input[0] === "search" ||
      input[0] === "thread" ||
      input[0] === "topic" ||
      input[0] === "upload"
    )
      return this.#searches.request(input, now, livePosition(room));
    if (input[0] === "read") return this.#read(input[1], input[2], now);
    return room === undefined ? notJoined(input) : room.step(input, now, this.#welcome !== null);
  }

  #read(name: string, offset: number, now: number): Effect[] {
    const room = this.#rooms.get(name);
    const epoch = room?.timeline.position?.epoch;
    if (epoch === undefined) return [];
    return this.marks.want(name, { epoch, offset }, now, room?.state === "live");
  }

  #join([, name, since]: RoomInput & readonly ["join", ...unknown[]], now: number): Effect[] {
    let room = this.#rooms.get(name);
    if (room === undefined) {
      room = new RoomMachine(name, this.#pending, this.#random, this.#bounds);
      this.#rooms.set(name, room);
    }
    if (!room.want(since) || this.#welcome === null) return [];
    return room.enter(this.#welcome, now);
  }

  onWelcome(welcome: Welcome, now: number): Effect[] {
    this.#welcome = welcome;
    const away = this.#away.onWelcome(welcome, now); // before the joins (PS4)
    return [...away, ...this.#each((room) => room.enter(welcome, now))];
  }

  onLost(): Effect[] {
    this.#welcome = null;
    this.marks.onLost();
    this.#away.onLost();
    const rooms = this.#each((room) => room.onLost());
    return [...rooms, ...this.#searches.giveUp(), ...this.#lists.giveUp()];
  }

  tick(now: number): Effect[] {
    return this.#each((room) => room.tick(now));
  }

  onEvent(event: RoomEvent, now: number): Effect[] {
    if (event.type === "mark") return this.marks.onMoved(event);
    return this.#rooms.get(event.room)?.onEvent(event, now) ?? [];
  }

  onReply(request: Request, reply: Reply, now: number): Effect[] {
    if (request.type === "hello" || request.type === "refresh" || request.type === "away")
      return [];
    if (this.#searches.has(request)) return this.#searches.onReply(request, reply);
    if (request.type === "directory" || request.type === "rooms")
      return this.#lists.onReply(request, reply);
    if (request.type === "read") return this.marks.onReply(request, reply, now);
    const done = this.#rooms.get(request.room)?.onReply(request, reply, now) ?? [];
    if (reply.type !== "joined") return done;
    return [...done, ...this.marks.onJoined(reply.room, reply.mark, now)];
  }

  #each(step: (room: RoomMachine) => Effect[]): Effect[] {
    return [...this.#rooms.values()].flatMap(step);
  }
}

function livePosition(room: RoomMachine | undefined): Position | null {
  return room?.state === "live" ? room.timeline.position : null;
}

/** Return the effects for a room that was never joined. */
function notJoined(input: RoomInput): Effect[] {
  switch (input[0]) {
    case "send":
    case "change":
      return [["failed", input[1], input[2], "not_joined", ""]];
    case "older":
      return [["older", input[1], [], true]];
    case "who":
      return [["members", input[1], null]];
    default:
      return [];
  }
}
