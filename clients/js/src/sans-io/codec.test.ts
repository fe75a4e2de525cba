import { describe, expect, test } from "vitest";
import { decode, encode } from "./codec.ts";
import { readVectors } from "./vectors.testing.ts";

interface Row {
  readonly name: string;
  readonly text: string;
  readonly frame?: Readonly<Record<string, unknown>>;
  readonly error?: string;
}

const { events } = readVectors<{ events: readonly Row[] }>("frames");

describe("frames.json", () => {
  test.each(events)("$name", ({ text, frame, error }) => {
    const event = decode(text);
    if (frame !== undefined) expect(event).toEqual(withoutNulls(frame));
    else if (error === "unknown_type") expect(event).toEqual({ type: "unknown" });
    else expect(event).toBeNull();
  });
});

test("a command is encoded with its own fields only", () => {
  expect(encode({ type: "join", id: 2, room: "a\n", since: { epoch: "e", offset: 1 } })).toBe(
    '{"type":"join","id":2,"room":"a\\n","since":{"epoch":"e","offset":1}}',
  );
});

/** The vectors have null for a missing value; here the field is omitted. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== "object" || value === null) return value;
  const fields = Object.entries(value).filter(([, field]) => field !== null);
  return Object.fromEntries(fields.map(([name, field]) => [name, withoutNulls(field)]));
}
