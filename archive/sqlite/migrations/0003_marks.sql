-- Up to where each user has read a room. A mark outlives the entries, and may be there before the first one.
CREATE TABLE marks (
    user TEXT NOT NULL,
    room TEXT NOT NULL,
    epoch TEXT NOT NULL,
    "offset" INTEGER NOT NULL,
    at INTEGER NOT NULL, -- ms since 1970
    PRIMARY KEY (user, room)
) STRICT, WITHOUT ROWID;
