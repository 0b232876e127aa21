-- What notifications keep beside the delivery log. A notice is what happened, or a letter; a delivery is it on
-- its way to one endpoint; a lane is the queue of an endpoint, which one sender works at a time.

-- +goose Up
CREATE TABLE series ( -- numbers what must arrive in order: a room's events
    company TEXT   NOT NULL,
    series  TEXT   NOT NULL,
    seq     BIGINT NOT NULL,
    PRIMARY KEY (company, series)
);

CREATE TABLE notice (
    company TEXT   NOT NULL,
    notice  TEXT   NOT NULL,
    type    TEXT   NOT NULL,
    series  TEXT   NOT NULL,
    seq     BIGINT NOT NULL,
    created BIGINT NOT NULL,
    payload TEXT   NOT NULL,
    PRIMARY KEY (company, notice)
);
CREATE INDEX notice_by_time ON notice (company, created);

-- event is the notice; an outcome of '' is pending.
ALTER TABLE delivery ADD COLUMN series TEXT   NOT NULL DEFAULT '';
ALTER TABLE delivery ADD COLUMN seq    BIGINT NOT NULL DEFAULT 0;
ALTER TABLE delivery ADD COLUMN due    BIGINT NOT NULL DEFAULT 0;
ALTER TABLE delivery ADD COLUMN begun  BIGINT NOT NULL DEFAULT 0; -- the first try that failed
ALTER TABLE delivery ADD COLUMN status BIGINT NOT NULL DEFAULT 0;
ALTER TABLE delivery ADD COLUMN fault  TEXT   NOT NULL DEFAULT '';
CREATE INDEX delivery_by_due ON delivery (company, endpoint, due, seq) WHERE outcome = '';
CREATE INDEX delivery_by_series ON delivery (company, endpoint, series, seq) WHERE outcome = '';

CREATE TABLE lane (
    company  TEXT   NOT NULL,
    endpoint TEXT   NOT NULL,
    kind     TEXT   NOT NULL,
    wake     BIGINT NOT NULL, -- nothing is due before
    holder   TEXT   NOT NULL DEFAULT '',
    until    BIGINT NOT NULL DEFAULT 0, -- of the holder's lease
    PRIMARY KEY (company, endpoint)
);
CREATE INDEX lane_by_wake ON lane (wake);

CREATE TABLE progress (
    name TEXT   NOT NULL PRIMARY KEY,
    at   BIGINT NOT NULL
);

-- +goose Down
DROP TABLE progress;
DROP TABLE lane;
DROP INDEX delivery_by_series;
DROP INDEX delivery_by_due;
ALTER TABLE delivery DROP COLUMN fault;
ALTER TABLE delivery DROP COLUMN status;
ALTER TABLE delivery DROP COLUMN begun;
ALTER TABLE delivery DROP COLUMN due;
ALTER TABLE delivery DROP COLUMN seq;
ALTER TABLE delivery DROP COLUMN series;
DROP TABLE notice;
DROP TABLE series;
