import { expect, test } from "vitest";
import { socketUrl } from "./url.ts";

test.each([
  ["https://chat.example.org", "wss://chat.example.org/ws"],
  ["http://localhost:8000/", "ws://localhost:8000/ws"],
  ["wss://chat.example.org/ws", "wss://chat.example.org/ws"],
  ["ws://[::1]:8000/ws?x=1", "ws://[::1]:8000/ws?x=1"],
  ["https://example.org/chat/", "wss://example.org/chat/ws"],
])("%s means %s", (address, url) => expect(socketUrl(address)).toBe(url));

test("an address of another kind is refused, with what is allowed", () => {
  expect(() => socketUrl("ftp://chat.example.org")).toThrow("It starts with https://");
  expect(() => socketUrl("chat.example.org")).toThrow(TypeError);
});
