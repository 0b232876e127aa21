-- What became of each failed attempt, for whoever looks for the cause: lines of JSON, the oldest first. An
-- attempt that succeeds leaves none, so that most deliveries cost nothing.

-- +goose Up
ALTER TABLE delivery ADD COLUMN tries TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE delivery DROP COLUMN tries;
