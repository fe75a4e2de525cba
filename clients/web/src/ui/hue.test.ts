import { expect, test } from "vitest";
import { hueOf, isStrong } from "./hue.ts";

const names = ["ann", "bob", "cat", "dan", "eve"];

test("short and similar names have colours that differ", () => {
  const looks = names.map((name) => `${hueOf(name)} ${isStrong(name)}`);
  expect(new Set(looks).size).toBe(names.length);
  const apart = Math.abs(hueOf("ann") - hueOf("bob"));
  expect(Math.min(apart, 360 - apart)).toBeGreaterThanOrEqual(60);
});

test("hues are steps of a circle", () => {
  for (const name of names) {
    expect(hueOf(name) % 24).toBe(0);
    expect(hueOf(name)).toBeLessThan(360);
  }
});
