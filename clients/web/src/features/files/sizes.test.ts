import { expect, test } from "vitest";
import { placeOf, sizeOf } from "./sizes.ts";

const file = { id: "f", name: "a", size: 1 };

test("a size has the largest unit of which it has at least one", () => {
  expect([0, 1, 999, 1_000, 1_500_000, 2e12].map((bytes) => sizeOf(bytes, "en"))).toEqual([
    "0 bytes",
    "1 byte",
    "999 bytes",
    "1 kB",
    "1.5 MB",
    "2,000 GB",
  ]);
});

test("an image has the place that it needs, and no more than fits", () => {
  const image = { ...file, type: "image/png" };
  expect(placeOf({ ...image, width: 36, height: 28 })).toEqual({ width: 36, height: 28 });
  expect(placeOf({ ...image, width: 720, height: 100 })).toEqual({ width: 360, height: 50 });
  expect(placeOf({ ...image, width: 1, height: 9_000 })).toEqual({ width: 1, height: 280 });
});

test("what is no image, or has no size, has no place", () => {
  expect(placeOf({ ...file, type: "image/svg+xml", width: 9, height: 9 })).toBeNull();
  expect(placeOf({ ...file, type: "image/png" })).toBeNull();
  expect(placeOf({ ...file, type: "text/html", width: 9, height: 9 })).toBeNull();
});
