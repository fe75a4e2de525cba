import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { hiddenAfter, idleAfter, watchAway } from "./away.ts";

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

function watched() {
  const reported: boolean[] = [];
  return { reported, stop: watchAway((away) => reported.push(away)) };
}

function becomes(state: DocumentVisibilityState): void {
  vi.spyOn(document, "visibilityState", "get").mockReturnValue(state);
  document.dispatchEvent(new Event("visibilitychange"));
}

test("a user without input for ten minutes is away until the next input", () => {
  const { reported, stop } = watched();
  vi.advanceTimersByTime(idleAfter - 1);
  window.dispatchEvent(new Event("keydown"));
  vi.advanceTimersByTime(idleAfter - 1);
  expect(reported).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(reported).toEqual([true]);
  window.dispatchEvent(new Event("pointermove"));
  expect(reported).toEqual([true, false]);
  vi.advanceTimersByTime(idleAfter);
  expect(reported).toEqual([true, false, true]);
  stop();
});

test("a tab that is hidden for more than a moment is left", () => {
  const { reported, stop } = watched();
  becomes("hidden");
  vi.advanceTimersByTime(hiddenAfter - 1);
  becomes("visible");
  expect(reported).toEqual([]);
  becomes("hidden");
  vi.advanceTimersByTime(hiddenAfter);
  expect(reported).toEqual([true]);
  becomes("visible");
  expect(reported).toEqual([true, false]);
  stop();
  vi.advanceTimersByTime(2 * idleAfter);
  expect(reported).toEqual([true, false]);
});
