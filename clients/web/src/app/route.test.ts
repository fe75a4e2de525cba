import { expect, test } from "vitest";
import { baseOf, roomOfWords, routeOf } from "./route.ts";

test.each([
  ["/", null, "/"],
  ["/chat/", null, "/chat/"],
  ["/r/lobby", { room: "lobby", offset: null }, "/"],
  ["/r/a%20den/41", { room: "a den", offset: 41 }, "/"],
  ["/chat/r/a%2Fb/", { room: "a/b", offset: null }, "/chat/"],
  ["/r/r/r/x", { room: "x", offset: null }, "/r/r/"],
  ["/r/%E0%A4%A", null, "/"],
])("%s", (path, route, base) => {
  expect(routeOf(path)).toEqual(route);
  expect(baseOf(path)).toBe(base);
});

test.each([
  [" #den ", "den"],
  ["a den", "a den"],
  ["https://chat.example/r/a%20den/3", "a den"],
  ["https://chat.example/#den", "den"],
  ["https://chat.example/", ""],
  ["  ", ""],
])("%j means %j", (words, room) => expect(roomOfWords(words)).toBe(room));
