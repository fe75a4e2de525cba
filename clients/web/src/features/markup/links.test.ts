import { expect, test } from "vitest";
import { linksOf } from "./links.ts";

test.each([
  [
    "see https://example.org/notes, please",
    "https://example.org/notes",
    "https://example.org/notes",
  ],
  ["https://müller.example/", "https://müller.example/", "https://xn--mller-kva.example/"],
  ["https://日本語.jp/", "https://日本語.jp/", "https://xn--wgv71a119e.jp/"],
  ["https://аррӏе.com", "https://xn--80ak6aa92e.com/", "https://xn--80ak6aa92e.com/"],
  ["https://exаmple.org/a", "https://xn--exmple-4nf.org/a", "https://xn--exmple-4nf.org/a"],
  ["https://bank.example@evil.example/x", "https://evil.example/x", "https://evil.example/x"],
  ["https://user:pw@evil.example/x", "https://evil.example/x", "https://evil.example/x"],
  [
    "(https://en.example.org/a_(b))",
    "https://en.example.org/a_(b)",
    "https://en.example.org/a_(b)",
  ],
  ["mail ann@example.org now", "ann@example.org", "mailto:ann@example.org"],
  ["*https://example.org*", "https://example.org", "https://example.org/"],
])("%j is shown as %j and leads to %j", (text, shown, href) => {
  expect(linksOf(text)).toMatchObject([{ text: shown, href }]);
});

test.each([
  "javascript:alert(1)",
  "ftp://example.org/",
  "//example.org",
  "data:text/html,x",
  "example.org",
])("%j is no link", (text) => expect(linksOf(text)).toEqual([]));
