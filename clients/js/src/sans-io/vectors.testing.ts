/** Reads the vectors of the specification. For tests only. */
import { readFileSync } from "node:fs";

export function readVectors<T>(name: string): T {
  const url = new URL(`../../../protocol/vectors/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(url, "utf8")) as T;
}
