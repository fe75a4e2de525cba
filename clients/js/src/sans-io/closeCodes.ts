/** Close codes, and what a client does after them (specification, §8). */

export const CloseCode = {
  normal: 1000,
  goingAway: 1001,
  flooding: 4003,
  tokenExpired: 4100,
  serverSilent: 4200,
} as const;

const finalStandard: ReadonlySet<number> = new Set([1002, 1003, 1007, 1008, 1009, 1010]);

/** Return whether to stop, because a reconnect would fail the same way (CL1). */
export function isFinal(code: number): boolean {
  return finalStandard.has(code) || (code >= 4500 && code <= 4999);
}
