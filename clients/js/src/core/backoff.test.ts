import fc from "fast-check";
import { expect, test } from "vitest";
import { backoff, Patience } from "./backoff.ts";
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

test("BO1: no wait is negative or reaches the cap, however long the outage", () => {
  const unit = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  fc.assert(
    fc.property(fc.nat(), unit, (attempt, random) => {
      const wait = backoff(attempt, random);
      expect(wait).toBeGreaterThanOrEqual(0);
      expect(wait).toBeLessThan(20_000);
    }),
  );
});

test("patience waits longer with each refusal, and begins anew behind a success", () => {
  const patience = new Patience(() => 0.5);
  patience.refused(0);
  expect(patience.due).toBe(250);
  expect(patience.over(249)).toBe(false);
  expect(patience.over(250)).toBe(true);
  patience.refused(250);
  expect(patience.due).toBe(750);
  patience.succeeded();
  patience.refused(1000);
  expect(patience.due).toBe(1250);
  patience.refused(1000, 5);
  expect(patience.due).toBe(1005);
});
