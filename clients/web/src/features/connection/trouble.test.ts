import { expect, test } from "vitest";
import { troubleOf } from "./trouble.ts";

test("online and caught up there's nothing to say", () => {
  expect(troubleOf({ state: "online", user: "ann" }, false, 0)).toBeNull();
  expect(troubleOf({ state: "online", user: "ann" }, true, 0)?.words).toBe("Catching up…");
});

test("a wait counts down to one, and can be cut short", () => {
  const waiting = { state: "waiting", until: 4_000, code: 1006 } as const;
  expect(troubleOf(waiting, true, 500)).toEqual({
    words: "Connection lost. Reconnecting in 4 s.",
    remedy: "try now",
  });
  expect(troubleOf(waiting, true, 4_000)?.words).toContain("in 1 s");
});

test("an end says why, and offers to connect again", () => {
  for (const code of [4502, 1000, "name_taken", "bad_token"] as const)
    expect(troubleOf({ state: "closed", code }, true, 0)?.remedy).toBe("connect");
});
