-- The users whom each message mentions, and the names of users with marks, by which they can be mentioned.

CREATE TABLE mentions (
    "user" bytea NOT NULL,
    epoch bigint NOT NULL,
    "offset" bigint NOT NULL,
    PRIMARY KEY ("user", epoch, "offset"),
    FOREIGN KEY (epoch, "offset") REFERENCES searchable (epoch, "offset") ON DELETE CASCADE
);

CREATE INDEX mentions_message ON mentions (epoch, "offset");

ALTER TABLE marks ADD COLUMN name bytea NOT NULL DEFAULT '';

CREATE INDEX marks_named ON marks (room, name) WHERE name <> '';
