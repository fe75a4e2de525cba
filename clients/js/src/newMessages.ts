/** Tell the messages of a room that are new to the application from its history, and from repeated ones. */
import type { Message, Position } from "./sans-io/frames.ts";

/** New is what was stored after the first join, also if it was missed meanwhile. */
export class NewMessages {
  #last: Position | null = null;
  /** Messages up to here are not new. */
  #known: Position | null = null;

  /** Note up to where the application has the messages, from an earlier run. */
  startAt(since: Position): void {
    this.#last ??= since;
  }

  /** Note a join. `position` is the room's after it; a join that does not recover repeats messages. */
  joined(recovered: boolean, position: Position): void {
    if (!recovered && this.#last === null) this.#known = position;
    else if (!recovered && this.#last?.epoch === position.epoch) this.#known = this.#last;
    this.#last ??= position;
  }

  /** Note the next message, and return whether it is new. */
  isNew({ offset }: Message, epoch: string): boolean {
    this.#last = { epoch, offset };
    return this.#known?.epoch !== epoch || offset > this.#known.offset;
  }
}
