import { expect, test } from "vitest";
import { embedOf, openEmbedded } from "./embed.ts";

test("the query says whether the page is embedded, and in which theme", () => {
  expect(embedOf("")).toBeNull();
  expect(embedOf("?room=support&theme=dark")).toBeNull();
  expect(embedOf("?embed=1")).toEqual({ theme: null });
  expect(embedOf("?embed=1&theme=dark")).toEqual({ theme: "dark" });
  expect(embedOf("?embed=1&theme=pink")).toEqual({ theme: null });
});

test("a page that is not embedded stays where it is", () => {
  window.history.replaceState(null, "", "/?room=support");
  openEmbedded();
  expect(window.location.pathname).toBe("/");
});
