/** How long to wait before trying again. Owns no timer and no dice: both are the caller's. */

const base = 500;
const cap = 20_000;

/**
 * Draw the wait before `attempt`, counted from 0, in whole ms; `random` is in [0, 1) (BO1).
 *
 * Full jitter from the first try on: when a node goes, all its clients notice in the same moment,
 * and any fixed part of the wait would bring them all back in the same moment too.
 */
export function backoff(attempt: number, random: number, retryAfter = 0): number {
  return Math.floor(random * Math.min(cap, base * 2 ** attempt)) + retryAfter;
}

/** What was refused for now: when to try it again, and how often that happened in a row. */
export class RetryTimer {
  due: number | null = null;
  #refusals = 0;
  readonly #random: () => number;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** Wait for as long as the server says; if it doesn't, as BO1 says. */
  refused(now: number, retryAfter?: number): void {
    this.due = now + (retryAfter ?? backoff(this.#refusals, this.#random()));
    this.#refusals += 1;
  }

  /** Tell whether it's too early. */
  waits(now: number): boolean {
    return this.due !== null && now < this.due;
  }

  /** Tell, once, that a wait has ended. */
  over(now: number): boolean {
    if (this.due === null || now < this.due) return false;
    this.due = null;
    return true;
  }

  /** Drop the wait, not the count: the connection that asked for it is gone. */
  forget(): void {
    this.due = null;
  }

  succeeded(): void {
    this.due = null;
    this.#refusals = 0;
  }
}

/** The first of several deadlines; null if there's none. */
export function earliest(dues: Iterable<number | null>): number | null {
  let first: number | null = null;
  for (const due of dues) if (due !== null && (first === null || due < first)) first = due;
  return first;
}
