/** Fail if a first visit of the built page loads more compressed bytes than its budget. */
import { readdirSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const budgets = { js: 95_000, css: 10_000 };
const assets = new URL("../dist/assets/", import.meta.url);
const page = readFileSync(new URL("../index.html", assets), "utf8");

for (const [kind, most] of Object.entries(budgets)) {
  // Files that index.html does not name are loaded later.
  const files = readdirSync(assets).filter(
    (file) => file.endsWith(`.${kind}`) && page.includes(file),
  );
  const weight = files.reduce(
    (sum, file) => sum + gzipSync(readFileSync(new URL(file, assets))).length,
    0,
  );
  process.stdout.write(`${kind}: ${weight} of ${most} bytes\n`);
  if (files.length === 0 || weight > most) process.exitCode = 1;
}
