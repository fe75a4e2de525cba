-- What an archive is: rooms, their epochs, and the entries of each epoch.
-- Names and keys are bytes: PostgreSQL's text can't hold every text, such as one with a NUL.

CREATE TABLE properties (
    name text PRIMARY KEY,
    value text NOT NULL
);

CREATE TABLE rooms (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name bytea NOT NULL UNIQUE
);

-- The newest epoch of a room has the largest id. `head` is its last offset; entries up to `base` were trimmed.
-- `entries` and `bytes` count what is kept. A writer locks the row: so batches of one room follow each other.
CREATE TABLE epochs (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    room bigint NOT NULL REFERENCES rooms (id),
    name bytea NOT NULL,
    head bigint NOT NULL DEFAULT 0,
    base bigint NOT NULL DEFAULT 0,
    entries bigint NOT NULL DEFAULT 0,
    bytes bigint NOT NULL DEFAULT 0,
    UNIQUE (room, name)
);

CREATE TABLE entries (
    epoch bigint NOT NULL REFERENCES epochs (id),
    "offset" bigint NOT NULL,
    prev bigint NOT NULL,
    at bigint NOT NULL, -- ms since 1970
    key bytea NOT NULL,
    author_id bytea,
    author_name bytea,
    author_kind bytea,
    payload bytea NOT NULL,
    PRIMARY KEY (epoch, "offset")
);
