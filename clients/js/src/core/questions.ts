/** The commands that wait for their answer. */
import type { Answer, Question } from "./frames.ts";

const unanswered = 15_000; // CS5

const answers = {
  hello: "welcome",
  join: "joined",
  leave: "left",
  send: "sent",
  history: "page",
  who: "members",
  refresh: "refreshed",
} as const satisfies Record<Question["type"], Answer["type"]>;

/** Numbers the commands of one client, and matches the answers to them. */
export class Questions {
  #last = 0;
  readonly #open = new Map<number, { readonly question: Question; readonly due: number }>();

  /** Make a command with the next id, and remember that it wants an answer. */
  ask<Q extends Question>(make: (id: number) => Q, now: number): Q {
    this.#last += 1; // CS12
    const question = make(this.#last);
    this.#open.set(this.#last, { question, due: now + unanswered });
    return question;
  }

  /** Find the command that this answers; what answers nothing, or another kind of it, is ignored. */
  answered(answer: Answer): Question | null {
    const question = answer.id === undefined ? undefined : this.#open.get(answer.id)?.question;
    if (question === undefined) return null;
    if (answer.type !== "error" && answer.type !== answers[question.type]) return null;
    this.#open.delete(question.id);
    return question;
  }

  /** Expect no answers any more: the connection is gone. */
  forget(): void {
    this.#open.clear();
  }

  get deadline(): number | null {
    // Ids and deadlines grow together, so the first that is open is the first that is late.
    for (const { due } of this.#open.values()) return due;
    return null;
  }
}
