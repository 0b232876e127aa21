// Package token verifies and mints every kind of token: join tokens of our
// own (EdDSA) and the tokens partners sign with keys they registered (RS256).
//
// It answers one question, whether the bytes are a genuine and current token
// of a company, and hands on what was signed. Whether the bearer may enter a
// room is decided by control/entry; where keys come from and whether one was
// revoked is known by the caller. The clock is an argument, nothing is kept
// between calls, and nothing else of this repository is imported.
package token
