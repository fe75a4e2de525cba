import fc from "fast-check";
import { expect, test } from "vitest";
import { backoff } from "./backoff.ts";

test("the ceiling doubles with each attempt, up to the cap", () => {
  const waits = [0, 1, 2, 5, 6, 2000].map((attempt) => backoff(attempt, 0.5));
  expect(waits).toEqual([250, 500, 1000, 8000, 10_000, 10_000]);
});

test("no wait is negative or reaches the cap, however long the outage", () => {
  const unit = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  fc.assert(
    fc.property(fc.nat(), unit, (attempt, random) => {
      const wait = backoff(attempt, random);
      expect(wait).toBeGreaterThanOrEqual(0);
      expect(wait).toBeLessThan(20_000);
    }),
  );
});
