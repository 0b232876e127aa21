// Package history keeps what has happened: sessions, who took part in them, chat, usage and audit events, in
// SQLite for one control node or PostgreSQL for several.
//
// [Store.Ingest] takes records in any order and any number of times; when it returns they are on disk. The
// queries read what is there now. Statistics follow one grid of 30 s. Retention, deletion and export of one
// person, and the sealed usage ledger of a month work on the same rows.
//
// History decides nothing about meetings, is on the path of no join and is not in the Raft log. What a record
// is, is package record's; the form of a sealed month is package ledger's. See DESIGN.md.
package history
