-- What an archive is: rooms, their epochs, and the entries of each epoch.

CREATE TABLE properties (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE rooms (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;

-- The newest epoch of a room has the largest id. `head` is its last offset; entries up to `base` were trimmed.
-- `entries` and `bytes` count what is kept.
CREATE TABLE epochs (
    id INTEGER PRIMARY KEY,
    room INTEGER NOT NULL REFERENCES rooms (id),
    name TEXT NOT NULL,
    head INTEGER NOT NULL DEFAULT 0,
    base INTEGER NOT NULL DEFAULT 0,
    entries INTEGER NOT NULL DEFAULT 0,
    bytes INTEGER NOT NULL DEFAULT 0,
    UNIQUE (room, name)
) STRICT;

-- `position` is the epoch's id and the offset in one number (epoch << 40 | offset), so that entries are stored in
-- the order in which they are read, and a page is one range of the table: archive/sqlite/positions.py.
CREATE TABLE entries (
    position INTEGER PRIMARY KEY,
    prev INTEGER NOT NULL,
    at INTEGER NOT NULL, -- ms since 1970
    key TEXT NOT NULL,
    author_id TEXT,
    author_name TEXT,
    author_kind TEXT,
    payload BLOB NOT NULL
) STRICT;

-- Counted here and not in a statement of its own: an append is then one statement, which is one transaction.
CREATE TRIGGER entries_counted AFTER INSERT ON entries BEGIN
    UPDATE epochs SET
        base = CASE WHEN head = 0 THEN new.prev ELSE base END,
        head = max(head, new.position & 1099511627775),
        entries = entries + 1,
        bytes = bytes + length(new.payload)
    WHERE id = new.position >> 40;
END;
