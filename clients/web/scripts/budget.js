/** Fail if a first visit of the built page loads more compressed bytes than its budget. */
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const page = readFileSync(new URL("../dist/index.html", import.meta.url), "utf8");
const transferred = readFileSync(new URL("../dist/index.html.br", import.meta.url)).length;

const weights = [
  ["script, gzip", compressed("script"), 110_000],
  ["styles, gzip", compressed("style"), 10_000],
  ["page, brotli", transferred, 100_000],
];

for (const [what, weight, most] of weights) {
  process.stdout.write(`${what}: ${weight} of ${most} bytes\n`);
  if (weight > most) process.exitCode = 1;
}

// The page is one file; only /parts/ is served beside it.
const beside = page.match(/\bassets\/[\w.-]+|\brolldown-runtime[\w.-]*/);
if (beside !== null) {
  process.stdout.write(`the page loads ${beside[0]}, which is not in it\n`);
  process.exitCode = 1;
}

/** The compressed bytes of all elements of a kind. */
function compressed(element) {
  const parts = page.matchAll(new RegExp(`<${element}\\b[^>]*>(.*?)</${element}>`, "gs"));
  return gzipSync([...parts].map(([, text]) => text).join("\n"), { level: 9 }).length;
}
