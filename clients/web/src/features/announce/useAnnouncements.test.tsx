import type { Message, Room } from "@hubbub/client";
import { act, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Announcer } from "../../ui/Announcer.tsx";
import { useAnnouncements } from "./useAnnouncements.ts";

let listener: (message: Message) => void = () => {};
const room = {
  snapshot: { catchingUp: false },
  onMessage(added: typeof listener) {
    listener = added;
    return () => {};
  },
} as unknown as Room;

const byAnn = ({ user }: Message) => user === "ann";

function Listening() {
  useAnnouncements(room, byAnn);
  return null;
}

function deliver(user: string, text: string): void {
  const place = { room: "r", offset: 1, prev: 0, key: "k", at: 0 };
  listener({ type: "message", ...place, user, text });
}

beforeEach(() => {
  vi.useFakeTimers();
  render(
    <Announcer>
      <Listening />
    </Announcer>,
  );
});

afterEach(() => {
  vi.useRealTimers();
});

function said(): string | null {
  act(() => vi.advanceTimersByTime(1_000));
  return screen.getByTestId("said").textContent;
}

test("one message is announced as text, several as a count, own messages not at all", () => {
  deliver("bob", "hello");
  expect(said()).toBe("bob: hello");
  deliver("ann", "mine");
  expect(said()).toBe("bob: hello");
  for (const text of ["a", "b", "c"]) deliver("bob", text);
  expect(said()).toBe("3 new messages");
});

test("a repeated text is announced again", () => {
  deliver("bob", "hello");
  const first = said();
  deliver("bob", "hello");
  expect(said()).not.toBe(first);
});
