package token

import (
	"fmt"
	"time"
)

// Error is why a token was refused. The sentinels below are its only values;
// errors.Is finds them under added context, errors.AsType finds the code.
type Error struct{ code, text string }

func (e *Error) Error() string { return e.text }

// Code is the stable word shown to clients, one of the refusal codes of the
// signalling protocol. Some reasons share one: the visitor can do the same
// about them, and learns no more.
func (e *Error) Code() string { return e.code }

// Reasons for refusing a token.
var (
	// ErrMissing is returned when there is no token at all.
	ErrMissing = &Error{"token_missing", "a token is required"}
	// ErrMalformed is returned when the bytes are no well-formed token: wrong
	// encoding, size, type, or claims of the wrong shape.
	ErrMalformed = &Error{"token_malformed", "the token is malformed"}
	// ErrKind is returned when a token of that kind is not taken in this place.
	ErrKind = &Error{"denied", "a token of this kind is not accepted here"}
	// ErrAlgorithm is returned when the token names an algorithm other than
	// the one its kind is signed with.
	ErrAlgorithm = &Error{"token_algorithm", "the token's algorithm is not allowed"}
	// ErrSignature is returned when no active key of the company made the
	// signature.
	ErrSignature = &Error{"token_signature", "the token's signature is not valid"}
	// ErrExpired is returned when exp has passed by more than the kind's
	// leeway, or the lifetime since the first use.
	ErrExpired = &Error{"token_expired", "the token has expired"}
	// ErrUsed is returned when a token that serves once was used before.
	ErrUsed = &Error{"token_expired", "the token has been used"}
	// ErrNotYetValid is returned when nbf lies ahead by more than Leeway.
	ErrNotYetValid = &Error{"token_not_yet_valid", "the token is not valid yet"}
	// ErrWrongCompany is returned when the token or its key belongs to
	// another company.
	ErrWrongCompany = &Error{"token_wrong_company", "the token belongs to another company"}
	// ErrRevoked is returned when the token was withdrawn, or one that it was
	// made from.
	ErrRevoked = &Error{"token_revoked", "the token has been revoked"}
	// ErrBrowser is returned when a token is bound to another browser.
	ErrBrowser = &Error{"denied", "the token was given to another browser"}
)

// WindowError is why a token is refused for its times, and what they are, so
// that the visitor can be told (NM-A12). It wraps ErrExpired or ErrNotYetValid.
type WindowError struct {
	Reason    *Error
	NotBefore time.Time // zero: not stated
	Expires   time.Time // zero: never
}

func (e *WindowError) Error() string {
	return fmt.Sprintf("%s: valid from %s until %s", e.Reason.text, e.NotBefore.Format(time.RFC3339), e.Expires.Format(time.RFC3339))
}

func (e *WindowError) Unwrap() error { return e.Reason }

// Window is when the token is valid.
func (e *WindowError) Window() (from, until time.Time) { return e.NotBefore, e.Expires }
