import { expect, test } from "vitest";
import { en } from "../../i18n/en.ts";
import { noticeOf } from "./connectionNotice.ts";

test("online and caught up, there is no notice", () => {
  expect(noticeOf({ state: "online", user: "ann" }, false, 0, en)).toBeNull();
  expect(noticeOf({ state: "online", user: "ann" }, true, 0, en)?.text).toBe("Catching up…");
});

test("a wait counts down to one second, and can be skipped", () => {
  const waiting = { state: "waiting", until: 4_000, code: 1006 } as const;
  expect(noticeOf(waiting, true, 500, en)).toEqual({
    text: "Connection lost. Reconnecting in 4 s.",
    action: "try now",
  });
  expect(noticeOf(waiting, true, 4_000, en)?.text).toContain("in 1 s");
});

test("a closed connection shows the reason, and offers to connect again", () => {
  for (const code of [4502, 1000, "name_taken", "bad_token"] as const)
    expect(noticeOf({ state: "closed", code }, true, 0, en)?.action).toBe("connect");
});
