/** Pages of history and of names: one of each at a time, and every one asked for is answered. */
import type { Effect } from "./effects.ts";
import type { Answer, Question } from "./frames.ts";
import type { Questions } from "./questions.ts";
import type { Timeline } from "./timeline.ts";

/** What a room reads on request. What can't be had now may be asked for again (TL13, PS3). */
export class Pages {
  readonly #room: string;
  readonly #timeline: Timeline;
  readonly #questions: Questions;
  #older: number | null = null;
  #names: number | null = null;

  constructor(room: string, timeline: Timeline, questions: Questions) {
    this.#room = room;
    this.#timeline = timeline;
    this.#questions = questions;
  }

  /** Ask for the page ahead of the first message (TL13). */
  older(now: number, live: boolean): Effect[] {
    if (this.#older !== null) return [];
    const { before } = this.#timeline;
    if (!live || before === null) return [["older", this.#room, [], !live]];
    const room = this.#room;
    const history = this.#questions.ask((id) => ({ type: "history", id, room, before }), now);
    this.#older = history.id;
    return [["command", history]];
  }

  /** Ask for the names behind `after` (PS3). */
  names(after: string, now: number, live: boolean): Effect[] {
    if (this.#names !== null) return [];
    if (!live) return [["members", this.#room, null]];
    const room = this.#room;
    const page = after === "" ? {} : { after };
    const who = this.#questions.ask((id) => ({ type: "who", id, room, ...page }), now);
    this.#names = who.id;
    return [["command", who]];
  }

  answered(question: Question, answer: Answer): Effect[] {
    if (question.id === this.#older) return this.#olderAnswered(answer);
    return question.id === this.#names ? this.#namesAnswered(answer) : [];
  }

  #olderAnswered(answer: Answer): Effect[] {
    if (answer.type !== "page") return this.giveUpOlder();
    this.#older = null;
    const page = this.#timeline.putAhead(answer.messages, answer.more);
    return [["older", this.#room, page, answer.more]];
  }

  #namesAnswered(answer: Answer): Effect[] {
    if (answer.type !== "members") return this.#giveUpNames();
    this.#names = null;
    const { count, names, more } = answer;
    return [["members", this.#room, { count, names, more }]];
  }

  /** Answer what is still open: it will not come any more. */
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
