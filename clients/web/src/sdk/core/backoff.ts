/** How long to wait before a reconnect. Owns no timer and no dice: both are the caller's. */

export interface BackoffOptions {
  /** Ceiling of the first wait, in ms. Default 500. */
  readonly base?: number;
  /** Ceiling of every wait, in ms. Default 20 000. */
  readonly cap?: number;
}

/**
 * Draw the wait before `attempt`, counted from 0, in whole ms; `random` is in [0, 1).
 *
 * Full jitter from the first try on: when a node goes, all its clients notice in the same moment,
 * and any fixed part of the wait would bring them all back in the same moment too.
 */
export function backoff(attempt: number, random: number, options: BackoffOptions = {}): number {
  const { base = 500, cap = 20_000 } = options;
  return Math.floor(random * Math.min(cap, base * 2 ** attempt));
}
