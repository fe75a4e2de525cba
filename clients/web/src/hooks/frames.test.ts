import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { oncePerFrame } from "./frames.ts";

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

test("the first change is reported at once, and all others of the frame together", () => {
  const listener = vi.fn();
  const changed = oncePerFrame(listener);
  changed();
  expect(listener).toHaveBeenCalledTimes(1);
  for (let more = 0; more < 60; more += 1) changed();
  expect(listener).toHaveBeenCalledTimes(1);
  vi.advanceTimersToNextFrame();
  expect(listener).toHaveBeenCalledTimes(2);
  vi.advanceTimersToNextFrame();
  expect(listener).toHaveBeenCalledTimes(2);
  changed();
  expect(listener).toHaveBeenCalledTimes(3);
});

test("a hidden tab, which has no frames, is notified as well", () => {
  vi.stubGlobal("requestAnimationFrame", () => 0);
  const listener = vi.fn();
  const changed = oncePerFrame(listener);
  changed();
  changed();
  vi.advanceTimersByTime(250);
  expect(listener).toHaveBeenCalledTimes(2);
  vi.unstubAllGlobals();
});

test("a listener that throws is notified again", () => {
  const listener = vi.fn(() => {
    throw new Error("not mine");
  });
  const changed = oncePerFrame(listener);
  expect(changed).toThrow("not mine");
  vi.advanceTimersToNextFrame();
  expect(changed).toThrow("not mine");
  expect(listener).toHaveBeenCalledTimes(2);
});
