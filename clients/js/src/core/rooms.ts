/** All rooms of a client, in the order in which they were first named. */
import { earliest } from "./backoff.ts";
import type { Effect, RoomInput } from "./effects.ts";
import type { Answer, Question, RoomEvent, Welcome } from "./frames.ts";
import type { Questions } from "./questions.ts";
import { type Bounds, Room } from "./room.ts";

/** Hands each input, event and answer to its room. A room is kept once it was joined. */
export class Rooms {
  readonly #questions: Questions;
  readonly #random: () => number;
  readonly #bounds: Bounds;
  readonly #rooms = new Map<string, Room>();
  /** Set while the connection is welcomed. */
  #welcome: Welcome | null = null;

  constructor(questions: Questions, random: () => number, bounds: Bounds) {
    this.#questions = questions;
    this.#random = random;
    this.#bounds = bounds;
  }

  get(name: string): Room | undefined {
    return this.#rooms.get(name);
  }

  get deadline(): number | null {
    return earliest([...this.#rooms.values()].map((room) => room.deadline));
  }

  step(input: RoomInput, now: number): Effect[] {
    if (input[0] === "join") return this.#join(input, now);
    const room = this.#rooms.get(input[1]);
    return room === undefined ? nowhere(input) : room.step(input, now, this.#welcome !== null);
  }

  #join([, name, since]: RoomInput & readonly ["join", ...unknown[]], now: number): Effect[] {
    let room = this.#rooms.get(name);
    if (room === undefined) {
      room = new Room(name, this.#questions, this.#random, this.#bounds);
      this.#rooms.set(name, room);
    }
    if (!room.want(since) || this.#welcome === null) return [];
    return room.enter(this.#welcome, now);
  }

  welcomed(welcome: Welcome, now: number): Effect[] {
    this.#welcome = welcome;
    return this.#each((room) => room.enter(welcome, now));
  }

  lost(): Effect[] {
    this.#welcome = null;
    return this.#each((room) => room.lost());
  }

  tick(now: number): Effect[] {
    return this.#each((room) => room.tick(now));
  }

  heard(event: RoomEvent, now: number): Effect[] {
    return this.#rooms.get(event.room)?.heard(event, now) ?? [];
  }

  answered(question: Question, answer: Answer, now: number): Effect[] {
    if (question.type === "hello" || question.type === "refresh") return [];
    return this.#rooms.get(question.room)?.answered(question, answer, now) ?? [];
  }

  #each(step: (room: Room) => Effect[]): Effect[] {
    return [...this.#rooms.values()].flatMap(step);
  }
}

/** Answer for a room that was never joined. */
function nowhere(input: RoomInput): Effect[] {
  switch (input[0]) {
    case "send":
      return [["failed", input[1], input[2], "not_joined", ""]];
    case "older":
      return [["older", input[1], [], true]];
    case "who":
      return [["members", input[1], null]];
    default:
      return [];
  }
}
