import { expect, test } from "vitest";
import { noticeOf } from "./connectionNotice.ts";

test("online and caught up, there is no notice", () => {
  expect(noticeOf({ state: "online", user: "ann" }, false, 0)).toBeNull();
  expect(noticeOf({ state: "online", user: "ann" }, true, 0)?.text).toBe("Catching up…");
});

test("a wait counts down to one second, and can be skipped", () => {
  const waiting = { state: "waiting", until: 4_000, code: 1006 } as const;
  expect(noticeOf(waiting, true, 500)).toEqual({
    text: "Connection lost. Reconnecting in 4 s.",
    action: "reconnect now",
  });
  expect(noticeOf(waiting, true, 4_000)?.text).toContain("in 1 s");
});

test("a closed connection shows the reason, and offers to connect again", () => {
  for (const code of [4502, 1000, "name_taken", "bad_token"] as const)
    expect(noticeOf({ state: "closed", code }, true, 0)?.action).toBe("connect");
});
