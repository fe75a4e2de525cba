/** Fail if a first visit of the built page loads more compressed bytes than its budget. */
import { readFileSync } from "node:fs";

const budgets = { br: 85_000, gz: 100_000 };

for (const [coding, most] of Object.entries(budgets)) {
  const weight = readFileSync(new URL(`../dist/index.html.${coding}`, import.meta.url)).length;
  process.stdout.write(`${coding}: ${weight} of ${most} bytes\n`);
  if (weight > most) process.exitCode = 1;
}
