import { expect, test } from "vitest";
import { cleanPng, cleanWebp } from "./metadata.ts";

const bytesOf = (...parts: readonly (string | readonly number[])[]) =>
  new Uint8Array(
    parts.flatMap((part) =>
      typeof part === "string" ? [...part].map((c) => c.charCodeAt(0)) : part,
    ),
  );
const contentOf = (parts: readonly Uint8Array[] | null) => parts?.flatMap((part) => [...part]);

const pngStart = [0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10];
const chunk = (kind: string, data: string) =>
  [...bytesOf([0, 0, 0, data.length], kind, data, [1, 2, 3, 4])] as const;

test("a PNG keeps its pixels and its animation, and loses its texts", () => {
  const kept = [
    ...pngStart,
    ...chunk("IHDR", "size"),
    ...chunk("acTL", "two"),
    ...chunk("IDAT", ""),
  ];
  const dropped = [...chunk("eXIf", "place"), ...chunk("tEXt", "by"), ...chunk("tIME", "when")];
  const whole = bytesOf(kept, dropped, chunk("IEND", ""));
  expect(contentOf(cleanPng(whole))).toEqual([...kept, ...chunk("IEND", "")]);
});

test("a WebP loses its texts, and no longer announces them", () => {
  const pixels = bytesOf("VP8L", [3, 0, 0, 0], "abc", [0]);
  const whole = bytesOf(
    ...["RIFF", [99, 0, 0, 0], "WEBP", "VP8X", [2, 0, 0, 0, 0x1c, 7]],
    [...pixels],
    ...["EXIF", [2, 0, 0, 0, 1, 2], "XMP ", [1, 0, 0, 0, 5, 0]],
  );
  const kept = bytesOf("RIFF", [26, 0, 0, 0], "WEBP", "VP8X", [2, 0, 0, 0, 0x10, 7], [...pixels]);
  expect(contentOf(cleanWebp(whole))).toEqual([...kept]);
});

test("what is no such picture, or ends early, is left alone or cut", () => {
  expect(cleanPng(bytesOf("GIF89a"))).toBeNull();
  expect(cleanWebp(bytesOf("RIFF", [0, 0, 0, 0], "WAVE"))).toBeNull();
  expect(contentOf(cleanPng(bytesOf(pngStart, [0, 0, 9])))).toEqual(pngStart);
});
