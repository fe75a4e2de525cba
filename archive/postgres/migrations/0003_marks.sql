-- Up to where each user has read a room. A mark outlives the entries, and may be there before the first one.
CREATE TABLE marks (
    "user" bytea NOT NULL,
    room bytea NOT NULL,
    epoch bytea NOT NULL,
    "offset" bigint NOT NULL,
    at bigint NOT NULL, -- ms since 1970
    PRIMARY KEY ("user", room)
);
