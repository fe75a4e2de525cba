-- Where the browsers of users receive pushes.
CREATE TABLE push_subscriptions (
    endpoint TEXT NOT NULL PRIMARY KEY,
    user TEXT NOT NULL,
    details BLOB NOT NULL,
    at INTEGER NOT NULL -- ms since 1970
) STRICT, WITHOUT ROWID;

CREATE INDEX push_subscriptions_user ON push_subscriptions (user);

CREATE INDEX push_subscriptions_at ON push_subscriptions (at);
