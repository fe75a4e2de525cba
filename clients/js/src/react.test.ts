// @vitest-environment jsdom
/** The hooks, in mounted components. */
import { cleanup, renderHook } from "@testing-library/react";
import { act } from "react";
import { afterEach, expect, test } from "vitest";
import { createClient } from "./client.ts";
import { useRoom, useSnapshot, useStatus } from "./react.ts";

/** A socket that never opens. */
class Socket {
  readonly readyState = 0;
  addEventListener(): void {}
  removeEventListener(): void {}
  send(): void {}
  close(): void {}
}

const newClient = () =>
  createClient({ url: "ws://localhost", WebSocket: Socket as unknown as typeof WebSocket });

// React warns where `act` is used outside of tests.
Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });
afterEach(cleanup);

test("a component renders with each status", () => {
  const client = newClient();
  const { result } = renderHook(() => useStatus(client));
  expect(result.current.state).toBe("idle");
  act(() => client.connect());
  expect(result.current.state).toBe("connecting");
  act(() => client.close());
  expect(result.current.state).toBe("closed");
});

test("a room is joined while components use it", () => {
  const client = newClient();
  const snapshot = renderHook(() => useSnapshot(client.room("lobby")));
  expect(snapshot.result.current.state).toBe("idle");
  const first = renderHook(() => useRoom(client, "lobby"));
  const second = renderHook(() => useRoom(client, "lobby"));
  expect(first.result.current[1]).toBe(client.room("lobby"));
  expect(snapshot.result.current.state).toBe("joining");
  first.unmount();
  expect(snapshot.result.current.state).toBe("joining");
  second.unmount();
  expect(snapshot.result.current.state).toBe("left");
});

test("another name is another room", () => {
  const client = newClient();
  const { result, rerender } = renderHook(({ name }) => useRoom(client, name), {
    initialProps: { name: "lobby" },
  });
  rerender({ name: "dev" });
  expect(result.current[0].state).toBe("joining");
  expect(client.room("lobby").snapshot.state).toBe("left");
});
