-- The users whom each message mentions, and the names of users with marks, by which they can be mentioned.

CREATE TABLE mentions (
    user TEXT NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (user, position)
) STRICT, WITHOUT ROWID;

CREATE INDEX mentions_position ON mentions (position);

CREATE TRIGGER mentions_removed AFTER DELETE ON searchable BEGIN
    DELETE FROM mentions WHERE position = old.position;
END;

ALTER TABLE marks ADD COLUMN name TEXT NOT NULL DEFAULT '';

CREATE INDEX marks_named ON marks (room, name) WHERE name <> '';
