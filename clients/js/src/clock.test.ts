import { expect, test, vi } from "vitest";
import { Clock } from "./clock.ts";

function machine() {
  const time = { wallMs: 1000, steadyMs: 0, wall: () => time.wallMs, steady: () => time.steadyMs };
  return time;
}

test("the clock continues while the machine sleeps, although the monotonic clock does not", () => {
  const time = machine();
  const clock = new Clock(time);
  time.wallMs += 60_000;
  time.steadyMs += 10;
  expect(clock.now).toBe(60_000);
});

test("the clock does not go back when the system clock is set back", () => {
  const time = machine();
  const clock = new Clock(time);
  time.wallMs -= 3_600_000;
  time.steadyMs += 25;
  expect(clock.now).toBe(25);
});

test("only the last deadline fires", () => {
  vi.useFakeTimers();
  const ring = vi.fn();
  const other = vi.fn();
  const clock = new Clock();
  clock.set(100, other);
  clock.set(200, ring);
  vi.advanceTimersByTime(200);
  expect(other).not.toHaveBeenCalled();
  expect(ring).toHaveBeenCalledOnce();
  clock.set(null, ring);
  vi.runAllTimers();
  expect(ring).toHaveBeenCalledOnce();
  vi.useRealTimers();
});
