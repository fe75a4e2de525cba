import type { Row } from "@hubbub/client";
import { expect, test } from "vitest";
import { groupRows } from "./groupRows.ts";

const noon = new Date(2024, 5, 1, 12).getTime();
const minute = 60_000;

function said(offset: number, user: string, at: number): Row {
  const message = {
    type: "message",
    room: "r",
    offset,
    prev: 0,
    key: "",
    user,
    text: "",
    at,
  } as const;
  return { kind: "message", id: `${offset}`, epoch: "e", message, own: user === "ann" };
}

function shapes(rows: readonly Row[], readUpTo?: number): string[] {
  const divider = readUpTo === undefined ? undefined : { epoch: "e", offset: readUpTo };
  return groupRows(rows, "ann", divider).map((item) =>
    item.kind === "row" ? `${item.id}${item.leads ? " leads" : ""}` : item.kind,
  );
}

test("a day starts with its name, and the first message of an author leads the following ones", () => {
  const rows = [
    said(1, "ann", noon),
    said(2, "ann", noon + minute),
    said(3, "bob", noon + 2 * minute),
    said(4, "bob", noon + 9 * minute),
    said(5, "bob", noon + 24 * 60 * minute),
  ];
  expect(shapes(rows)).toEqual(["day", "1 leads", "2", "3 leads", "4 leads", "day", "5 leads"]);
});

test("a queued own message follows earlier ones, and a message after a gap leads again", () => {
  const own: Row = { kind: "own", id: "k", text: "", at: noon + minute, state: "sending" };
  const gap: Row = { kind: "gap", restart: false, id: "gap" };
  expect(shapes([said(1, "ann", noon), own])).toEqual(["day", "1 leads", "k"]);
  expect(shapes([said(1, "ann", noon), gap, said(2, "ann", noon)])).toEqual([
    "day",
    "1 leads",
    "gap leads",
    "2 leads",
  ]);
});

test("the divider is before the first message of another user after the mark, which leads", () => {
  const rows = [
    said(1, "bob", noon),
    said(2, "ann", noon),
    said(3, "bob", noon),
    said(4, "bob", noon),
  ];
  expect(shapes(rows, 1)).toEqual(["day", "1 leads", "2 leads", "unread", "3 leads", "4"]);
  expect(shapes(rows, 3)).toEqual(["day", "1 leads", "2 leads", "3 leads", "unread", "4 leads"]);
  expect(shapes(rows, 4)).not.toContain("unread");
});

test("without what was read there is no divider: its place is not known", () => {
  expect(shapes([said(7, "bob", noon)], 3)).not.toContain("unread");
  expect(shapes([said(7, "bob", noon)], 0)).toContain("unread");
});
