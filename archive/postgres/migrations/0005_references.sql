-- Which entry changes which message, or replies to it, and up to where an epoch's references were recorded.

ALTER TABLE epochs ADD COLUMN referred bigint NOT NULL DEFAULT 0;

CREATE TABLE entry_references (
    epoch bigint NOT NULL,
    source bigint NOT NULL,
    target bigint NOT NULL,
    is_reply boolean NOT NULL,
    PRIMARY KEY (epoch, source),
    FOREIGN KEY (epoch, source) REFERENCES entries (epoch, "offset") ON DELETE CASCADE
);

CREATE INDEX entry_references_target ON entry_references (epoch, target, is_reply, source);
