/** The clock of the state machine, and the one timer for its deadline. */

// A longer timer would fire at once.
const longestTimer = 2 ** 31 - 1;

export interface TimeSource {
  /** Ms since 1970. It may jump. */
  wall(): number;
  /** Ms since an arbitrary start. Monotonic, but stops while the machine sleeps. */
  steady(): number;
}

const machine: TimeSource = { wall: () => Date.now(), steady: () => performance.now() };

/**
 * A monotonic clock that continues while the machine sleeps.
 *
 * No clock of the platform does both, so each interval is the longer of the two measured ones.
 */
export class Clock {
  readonly #source: TimeSource;
  #wall: number;
  #steady: number;
  #now = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(source: TimeSource = machine) {
    this.#source = source;
    this.#wall = source.wall();
    this.#steady = source.steady();
  }

  get now(): number {
    const wall = this.#source.wall();
    const steady = this.#source.steady();
    this.#now += Math.max(wall - this.#wall, steady - this.#steady, 0);
    this.#wall = wall;
    this.#steady = steady;
    return Math.floor(this.#now);
  }

  /** Call back at this time, and cancel the previous timer; null: cancel only. */
  set(deadline: number | null, ring: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (deadline === null) return;
    const wait = Math.min(Math.max(0, deadline - this.now), longestTimer);
    this.#timer = setTimeout(ring, wait);
  }
}
