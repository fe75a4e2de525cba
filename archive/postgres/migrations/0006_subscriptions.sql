-- Where the browsers of users receive pushes.
CREATE TABLE push_subscriptions (
    endpoint bytea NOT NULL PRIMARY KEY,
    "user" bytea NOT NULL,
    details bytea NOT NULL,
    at bigint NOT NULL -- ms since 1970
);

CREATE INDEX push_subscriptions_user ON push_subscriptions ("user");

CREATE INDEX push_subscriptions_at ON push_subscriptions (at);
