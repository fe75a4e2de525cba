import fc from "fast-check";
import { expect, test } from "vitest";
import { pieces } from "./links.ts";

const links = (text: string) =>
  pieces(text).flatMap((one) => (one.kind === "link" ? one.text : []));

test("links are found without trailing punctuation and surrounding brackets", () => {
  expect(links("see https://example.org/a?b=c#d, or http://x.y.")).toEqual([
    "https://example.org/a?b=c#d",
    "http://x.y",
  ]);
  expect(links("(https://en.example.org/wiki/Hub_(disambiguation))")).toEqual([
    "https://en.example.org/wiki/Hub_(disambiguation)",
  ]);
});

test("only http and https are linked", () => {
  expect(
    links("javascript:alert(1) data:text/html,x file:///etc ftp://a.b https:// mailto:a@b"),
  ).toEqual([]);
});

test("the pieces of any text are that text", () => {
  const text = fc.string().map((rest) => `a https://b.c/${rest}) http://[ ${rest}`);
  fc.assert(
    fc.property(text, (text) => {
      expect(
        pieces(text)
          .map((piece) => piece.text)
          .join(""),
      ).toBe(text);
    }),
  );
});
