-- Search: the words of each entry that can be found, and up to where an epoch was indexed.

ALTER TABLE epochs ADD COLUMN indexed INTEGER NOT NULL DEFAULT 0;

-- `id` begins with the time of the entry (at << 20 | number), so that the newest are found first and a time is a
-- range. `edit` is the offset of the entry with the current text.
CREATE TABLE searchable (
    id INTEGER PRIMARY KEY,
    position INTEGER NOT NULL UNIQUE,
    author TEXT NOT NULL,
    author_id TEXT,
    link INTEGER NOT NULL,
    edit INTEGER,
    words TEXT NOT NULL,
    wholes TEXT NOT NULL
) STRICT;

-- The words are separated by spaces already, and have no other ASCII punctuation.
CREATE VIRTUAL TABLE word_index USING fts5 (
    words, wholes, content = 'searchable', content_rowid = 'id', tokenize = 'ascii'
);

CREATE TRIGGER searchable_added AFTER INSERT ON searchable BEGIN
    INSERT INTO word_index (rowid, words, wholes) VALUES (new.id, new.words, new.wholes);
END;

CREATE TRIGGER searchable_removed AFTER DELETE ON searchable BEGIN
    INSERT INTO word_index (word_index, rowid, words, wholes) VALUES ('delete', old.id, old.words, old.wholes);
END;

CREATE TRIGGER entries_removed AFTER DELETE ON entries BEGIN
    DELETE FROM searchable WHERE position = old.position;
END;
