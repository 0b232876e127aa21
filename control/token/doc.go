// Package token mints and verifies every kind of token: those of our own
// (EdDSA, each kind with a typ of its own) and the tokens partners sign with
// keys they registered (RS256).
//
// It answers one question, whether the bytes are a genuine and current token
// of a company and of a kind that is taken here, and hands on what was signed.
// It also holds the rules for making a token from another and for first use.
// Whether the bearer may enter a room is decided by control/entry; where keys
// come from, what was revoked and what was used before is known by the caller.
// The clock is an argument, nothing is kept between calls, and nothing else of
// this repository is imported.
package token
