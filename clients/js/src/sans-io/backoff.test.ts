import fc from "fast-check";
import { expect, test } from "vitest";
import { backoff, RetryTimer } from "./backoff.ts";
import { readVectors } from "./vectors.testing.ts";

interface Row {
  readonly attempt: number;
  readonly random: number;
  readonly retry_after: number | null;
  readonly wait: number;
}

test.each(readVectors<{ rows: readonly Row[] }>("backoff").rows)(
  "BO1: attempt $attempt with $random and retry_after $retry_after waits $wait ms",
  ({ attempt, random, retry_after, wait }) => {
    expect(backoff(attempt, random, retry_after ?? undefined)).toBe(wait);
  },
);

test("BO1: no wait is negative or reaches the cap, for any length of an outage", () => {
  const unit = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  fc.assert(
    fc.property(fc.nat(), unit, (attempt, random) => {
      const wait = backoff(attempt, random);
      expect(wait).toBeGreaterThanOrEqual(0);
      expect(wait).toBeLessThan(20_000);
    }),
  );
});

test("a retry timer waits longer after each rejection, and is reset by a success", () => {
  const retry = new RetryTimer(() => 0.5);
  retry.schedule(0);
  expect(retry.due).toBe(250);
  expect(retry.isDue(249)).toBe(false);
  expect(retry.isDue(250)).toBe(true);
  retry.schedule(250);
  expect(retry.due).toBe(750);
  retry.reset();
  retry.schedule(1000);
  expect(retry.due).toBe(1250);
  retry.schedule(1000, 5);
  expect(retry.due).toBe(1005);
});
