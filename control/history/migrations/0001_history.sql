-- One set for SQLite and PostgreSQL: TEXT, BIGINT and nothing that only one of them knows. Times are
-- milliseconds of the UNIX epoch. Keys begin with the company, so that no session of one company can be
-- written or read under another.

-- +goose Up
CREATE TABLE session (
    company   TEXT   NOT NULL,
    session   TEXT   NOT NULL,
    room      TEXT   NOT NULL,
    started   BIGINT NOT NULL, -- the earliest of what is known of it
    opened    BIGINT,
    room_kind TEXT   NOT NULL DEFAULT '',
    pop       TEXT   NOT NULL DEFAULT '',
    node      TEXT   NOT NULL DEFAULT '',
    closed    BIGINT,
    PRIMARY KEY (company, session)
);
CREATE INDEX session_by_time ON session (company, started, session);
CREATE INDEX session_by_room ON session (company, room, started, session);

CREATE TABLE presence (
    company    TEXT   NOT NULL,
    session    TEXT   NOT NULL,
    presence   TEXT   NOT NULL,
    room       TEXT   NOT NULL,
    peer       TEXT   NOT NULL,
    joined     BIGINT, -- a row without it is not shown: it waits for its beginning
    role       TEXT   NOT NULL DEFAULT '',
    mode       TEXT   NOT NULL DEFAULT '',
    pop        TEXT   NOT NULL DEFAULT '',
    node       TEXT   NOT NULL DEFAULT '',
    person     TEXT   NOT NULL DEFAULT '',
    name       TEXT   NOT NULL DEFAULT '',
    attributes TEXT   NOT NULL DEFAULT '', -- JSON
    ended      BIGINT,
    reason     TEXT   NOT NULL DEFAULT '',
    rank       BIGINT NOT NULL DEFAULT 0, -- of the reason; 0: ended with the session, or not at all
    tick       BIGINT NOT NULL DEFAULT 0, -- the newest
    forgotten  BIGINT NOT NULL DEFAULT 0, -- 1: the person was deleted, nothing may bring it back
    PRIMARY KEY (company, session, presence)
);
CREATE INDEX presence_by_room ON presence (company, room, joined);
CREATE INDEX presence_by_time ON presence (company, joined);
CREATE INDEX presence_by_peer ON presence (company, peer);
CREATE INDEX presence_by_person ON presence (company, person) WHERE person <> '';

CREATE TABLE message (
    company   TEXT   NOT NULL,
    session   TEXT   NOT NULL,
    message   TEXT   NOT NULL,
    seq       BIGINT NOT NULL,
    written   BIGINT NOT NULL,
    peer      TEXT   NOT NULL,
    name      TEXT   NOT NULL,
    text      TEXT   NOT NULL,
    forgotten BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (company, session, message)
);
CREATE INDEX message_by_order ON message (company, session, seq, written, message);
CREATE INDEX message_by_time ON message (company, written);

CREATE TABLE audit (
    company     TEXT   NOT NULL, -- empty: the platform
    event       TEXT   NOT NULL,
    happened    BIGINT NOT NULL,
    actor       TEXT   NOT NULL,
    action      TEXT   NOT NULL,
    object_kind TEXT   NOT NULL,
    object_id   TEXT   NOT NULL,
    request     TEXT   NOT NULL,
    changes     TEXT   NOT NULL, -- JSON
    PRIMARY KEY (company, event)
);
CREATE INDEX audit_by_time ON audit (company, happened, event);
CREATE INDEX audit_by_actor ON audit (company, actor, happened, event);
CREATE INDEX audit_by_object ON audit (company, object_kind, object_id, happened, event);

-- Written by notifications; here for retention.
CREATE TABLE delivery (
    company  TEXT   NOT NULL,
    delivery TEXT   NOT NULL,
    endpoint TEXT   NOT NULL,
    event    TEXT   NOT NULL,
    created  BIGINT NOT NULL,
    attempts BIGINT NOT NULL DEFAULT 0,
    tried    BIGINT,
    outcome  TEXT   NOT NULL DEFAULT '',
    PRIMARY KEY (company, delivery)
);
CREATE INDEX delivery_by_time ON delivery (company, created, delivery);
CREATE INDEX delivery_by_endpoint ON delivery (company, endpoint, created, delivery);

-- Sealed months. They outlive the rows they were made of.
CREATE TABLE ledger (
    company TEXT   NOT NULL,
    month   TEXT   NOT NULL, -- 2026-11
    sealed  BIGINT NOT NULL,
    hash    TEXT   NOT NULL,
    content TEXT   NOT NULL, -- gzip, base64
    PRIMARY KEY (company, month)
);

-- +goose Down
DROP TABLE ledger;
DROP TABLE delivery;
DROP TABLE audit;
DROP TABLE message;
DROP TABLE presence;
DROP TABLE session;
