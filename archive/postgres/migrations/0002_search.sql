-- Search: the words of each entry that can be found, and up to where an epoch was indexed.

ALTER TABLE epochs ADD COLUMN indexed bigint NOT NULL DEFAULT 0;

-- `edit` is the offset of the entry with the current text.
CREATE TABLE searchable (
    epoch bigint NOT NULL,
    "offset" bigint NOT NULL,
    at bigint NOT NULL,
    author bytea NOT NULL,
    author_id bytea,
    link boolean NOT NULL,
    edit bigint,
    words tsvector NOT NULL,
    PRIMARY KEY (epoch, "offset"),
    FOREIGN KEY (epoch, "offset") REFERENCES entries (epoch, "offset") ON DELETE CASCADE
);

CREATE INDEX searchable_words ON searchable USING gin (words);
CREATE INDEX searchable_newest ON searchable (at, epoch, "offset");
