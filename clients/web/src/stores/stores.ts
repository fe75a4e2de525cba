/** What the page remembers between visits, in the browser. Each value is shared by all tabs. */
import type { KeyValue } from "@hubbub/client";
import { type Preferences, readPreferences } from "./preferences.ts";
import { isPlace, isReadMark, type Place, type ReadMark, type ServerCount } from "./readMarks.ts";
import { type KnownRoom, readRooms } from "./rooms.ts";
import { Saved } from "./saved.ts";
import { recordOf } from "./stored.ts";

export interface Stores {
  readonly preferences: Saved<Preferences>;
  readonly rooms: Saved<readonly KnownRoom[]>;
  /** The last message that the user read, for each room. */
  readonly marks: Saved<Readonly<Record<string, ReadMark>>>;
  /** What the server counted after a mark, for each room; not remembered. */
  readonly counts: Map<string, ServerCount>;
  readonly drafts: Saved<Readonly<Record<string, string>>>;
  /** Where the user was reading, for each room that was not at its end. */
  readonly places: Saved<Readonly<Record<string, Place>>>;
}

/** `ofRooms` keeps the list of rooms. */
export function createStores(storage: KeyValue, ofRooms = storage): Stores {
  return {
    preferences: new Saved(storage, "hubbub.preferences", readPreferences),
    rooms: new Saved(ofRooms, "hubbub.rooms", readRooms),
    marks: new Saved(storage, "hubbub.marks", entriesOf(isReadMark)),
    counts: new Map(),
    drafts: new Saved(
      storage,
      "hubbub.drafts",
      entriesOf((value): value is string => typeof value === "string"),
    ),
    places: new Saved(storage, "hubbub.places", entriesOf(isPlace)),
  };
}

function entriesOf<T>(isValid: (value: unknown) => value is T) {
  return (stored: unknown): Readonly<Record<string, T>> => {
    const entries = Object.entries(recordOf(stored));
    return Object.fromEntries(entries.filter((entry): entry is [string, T] => isValid(entry[1])));
  };
}

/** Return the record with another value for a key; undefined removes the key. */
export function withEntry<T>(
  record: Readonly<Record<string, T>>,
  key: string,
  value: T | undefined,
): Readonly<Record<string, T>> {
  const { [key]: _, ...others } = record;
  return value === undefined ? others : { ...others, [key]: value };
}
