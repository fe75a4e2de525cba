/** A message and its changes fold to the same, whatever the order and the portions in which they arrive. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fold } from "./folding.ts";
import type { Change, Message } from "./frames.ts";
import { readVectors } from "./vectors.testing.ts";

interface Case {
  readonly id: string;
  readonly name: string;
  readonly message: Message;
  readonly changes: readonly Change[];
  readonly folded: Message;
}

const { cases } = readVectors<{ cases: readonly Case[] }>("fold");

describe("fold.json", () => {
  test.each(cases)("$id: $name", ({ message, changes, folded }) => {
    expect(fold(message, changes)).toEqual(folded);
    expect(fold(message, [...changes.toReversed(), ...changes])).toEqual(folded);
  });
});

interface World {
  readonly messages: readonly Message[];
  readonly changes: readonly Change[];
}

const users = [{ user: "ann", user_id: "u1" }, { user: "ann", user_id: "u2" }, { user: "bob" }];
const drawn = fc.record({
  isMessage: fc.boolean(),
  leap: fc.integer({ min: 1, max: 3 }),
  kind: fc.constantFrom("edit", "delete", "react", "unreact", "unknown"),
  target: fc.nat(4),
  who: fc.constantFrom(...users),
  emoji: fc.constantFrom("👍", ":tada:"),
});

/** Some messages, and changes of them and of unknown ones, in one order with skipped offsets. */
const worlds: fc.Arbitrary<World> = fc.array(drawn, { maxLength: 25 }).map((entries) => {
  const messages: Message[] = [];
  const changes: Change[] = [];
  let prev = 0;
  for (const { isMessage, leap, kind, target, who, emoji } of entries) {
    const offset = prev + leap;
    const entry = { room: "r", offset, prev, key: "k", ...who, at: offset };
    prev = offset;
    if (isMessage && messages.length < 4) {
      messages.push({ ...entry, type: "message", text: `text ${offset}` });
      continue;
    }
    const what = {
      ...(kind === "edit" && { text: `edit ${offset}` }),
      ...(kind.endsWith("react") && { emoji }),
    };
    const to = messages[target]?.offset ?? 999;
    changes.push({ ...entry, type: "change", change: kind, target: to, ...what });
  }
  return { messages, changes };
});

test("any order with repeats is the whole history", () => {
  const orders = fc.array(fc.double({ noNaN: true }), { minLength: 1 });
  fc.assert(
    fc.property(worlds, orders, fc.nat(), ({ messages, changes }, order, from) => {
      const key = (at: number) => order[at % order.length] ?? 0;
      const arrived = changes.toSorted((one, other) => key(one.offset) - key(other.offset));
      const repeated = changes.slice(from % (changes.length + 1));
      for (const message of messages)
        expect(fold(message, [...arrived, ...repeated])).toEqual(fold(message, changes));
    }),
  );
});

test("a page and what follows is the whole history", () => {
  fc.assert(
    fc.property(worlds, fc.nat(80), fc.nat(80), ({ messages, changes }, head, back) => {
      for (const message of messages) {
        const page = fold(
          message,
          changes.filter(({ offset }) => offset <= head),
        );
        const behind = changes.filter(({ offset }) => offset > head - back);
        const shown = behind.reduce((now, change) => fold(now, [change]), page);
        expect(shown).toEqual(fold(message, changes));
      }
    }),
  );
});

test("nothing of a deleted message is left", () => {
  fc.assert(
    fc.property(worlds, ({ messages, changes }) => {
      for (const message of messages) {
        const { text, edited, reactions, deleted } = fold(message, changes);
        const isDeleted = changes.some(
          ({ target, change }) => target === message.offset && change === "delete",
        );
        expect(deleted !== undefined).toBe(isDeleted);
        if (isDeleted) expect([text, edited, reactions]).toEqual(["", undefined, undefined]);
      }
    }),
  );
});
