// Package record has what history is made of: the facts that edges and control report once they have
// happened, their encoding as lines of JSON, and what makes one acceptable.
//
// A record is named by its origin, so that it may be sent any number of times, in any order and by two nodes
// that both believe to be a room's home: [Record.ID] is the same for the same fact. Every record of a session
// carries company, room and session, so that none needs another to have come before it.
//
// The package keeps nothing and sends nothing. An edge's outbox writes lines ([Encode]) and posts them to
// [Path]; control/history decides what becomes of them. It imports nothing else of this repository.
package record
