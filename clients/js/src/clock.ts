/** The time that the core is told, and the one timer that its deadline needs. */

// A longer one would go off at once.
const longestTimer = 2 ** 31 - 1;

export interface TimeSource {
  /** Ms since 1970. It may jump. */
  wall(): number;
  /** Ms since some moment. It never jumps, but sleeps with the machine. */
  steady(): number;
}

const machine: TimeSource = { wall: () => Date.now(), steady: () => performance.now() };

/**
 * Time that never goes back, and goes on while the machine sleeps.
 *
 * Neither clock of the machine does both: of each stretch, the longer of their two answers is taken.
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

  /** Call back at this time, instead of at any that was set before; null: not at all. */
  set(deadline: number | null, ring: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (deadline === null) return;
    const wait = Math.min(Math.max(0, deadline - this.now), longestTimer);
    this.#timer = setTimeout(ring, wait);
  }
}
