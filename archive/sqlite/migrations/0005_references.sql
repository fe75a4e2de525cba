-- Which entry changes which message, or replies to it, and up to where an epoch's references were recorded.

ALTER TABLE epochs ADD COLUMN referred INTEGER NOT NULL DEFAULT 0;

-- Both are positions.
CREATE TABLE entry_references (
    source INTEGER PRIMARY KEY,
    target INTEGER NOT NULL,
    is_reply INTEGER NOT NULL
) STRICT;

CREATE INDEX entry_references_target ON entry_references (target, is_reply);

CREATE TRIGGER entry_references_removed AFTER DELETE ON entries BEGIN
    DELETE FROM entry_references WHERE source = old.position;
END;
