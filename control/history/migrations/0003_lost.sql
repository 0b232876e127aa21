-- Sessions that nobody closed, what lists of the API ask for, and people who asked to be forgotten.

-- +goose Up
ALTER TABLE session ADD COLUMN lost BIGINT; -- nothing was heard of it since then; one that is closed was not lost
CREATE INDEX session_running ON session (company, started, session) WHERE closed IS NULL AND lost IS NULL;
CREATE INDEX session_by_loss ON session (lost) WHERE closed IS NULL AND lost IS NOT NULL;
CREATE INDEX audit_by_kind ON audit (company, object_kind, happened, event);

CREATE TABLE erasure ( -- what arrives late is forgotten by it, see Erase
    company TEXT   NOT NULL,
    kind    TEXT   NOT NULL, -- peer or person
    name    TEXT   NOT NULL,
    alias   TEXT   NOT NULL, -- of a peer
    asked   BIGINT NOT NULL,
    PRIMARY KEY (company, kind, name)
);
CREATE INDEX erasure_by_time ON erasure (asked);

-- +goose Down
DROP TABLE erasure;
DROP INDEX audit_by_kind;
DROP INDEX session_by_loss;
DROP INDEX session_running;
ALTER TABLE session DROP COLUMN lost;
