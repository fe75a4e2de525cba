/** Exponential backoff with jitter, without timers or random numbers of its own. */

/** Added to the wait after a close with 4003, in ms (BO3). */
export const floodWait = 10_000;

const base = 500;
const cap = 20_000;

/**
 * Return the wait before `attempt`, counted from 0, in whole ms; `random` is in [0, 1) (BO1).
 *
 * Full jitter from the first attempt on: when a node fails, all its clients notice at the same moment,
 * and with any fixed part of the wait they would all reconnect at the same moment.
 */
export function backoff(attempt: number, random: number, retryAfter = 0): number {
  return Math.floor(random * Math.min(cap, base * 2 ** attempt)) + retryAfter;
}

/** When to retry what was rejected temporarily, and the number of consecutive rejections. */
export class RetryTimer {
  due: number | null = null;
  #rejections = 0;
  readonly #random: () => number;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** Schedule a retry after `retryAfter`, or as in BO1. */
  schedule(now: number, retryAfter?: number): void {
    this.due = now + (retryAfter ?? backoff(this.#rejections, this.#random()));
    this.#rejections += 1;
  }

  /** Return whether the retry is still pending. */
  isPending(now: number): boolean {
    return this.due !== null && now < this.due;
  }

  /** Return, once, that the retry is due. */
  isDue(now: number): boolean {
    if (this.due === null || now < this.due) return false;
    this.due = null;
    return true;
  }

  /** Cancel the retry, because its connection was lost; keep the count. */
  cancel(): void {
    this.due = null;
  }

  reset(): void {
    this.due = null;
    this.#rejections = 0;
  }
}

/** Return the first of several deadlines; null if there is none. */
export function earliest(dues: Iterable<number | null>): number | null {
  let first: number | null = null;
  for (const due of dues) if (due !== null && (first === null || due < first)) first = due;
  return first;
}
