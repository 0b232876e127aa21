package token

// Error is why a token was refused. The sentinels below are its only values;
// errors.Is finds them under added context, errors.AsType finds the code.
type Error struct{ code, text string }

func (e *Error) Error() string { return e.text }

// Code is the stable word shown to clients, one of the refusal codes of the
// signalling protocol.
func (e *Error) Code() string { return e.code }

// Reasons for refusing a token.
var (
	// ErrMissing is returned when there is no token at all.
	ErrMissing = &Error{"token_missing", "a token is required"}
	// ErrMalformed is returned when the bytes are no well-formed token: wrong
	// encoding, size, type, or claims of the wrong shape.
	ErrMalformed = &Error{"token_malformed", "the token is malformed"}
	// ErrAlgorithm is returned when the token names an algorithm other than
	// the one its kind is signed with.
	ErrAlgorithm = &Error{"token_algorithm", "the token's algorithm is not allowed"}
	// ErrSignature is returned when no active key of the company made the
	// signature.
	ErrSignature = &Error{"token_signature", "the token's signature is not valid"}
	// ErrExpired is returned when exp has passed by more than Leeway.
	ErrExpired = &Error{"token_expired", "the token has expired"}
	// ErrNotYetValid is returned when nbf lies ahead by more than Leeway.
	ErrNotYetValid = &Error{"token_not_yet_valid", "the token is not valid yet"}
	// ErrWrongCompany is returned when the token or its key belongs to
	// another company.
	ErrWrongCompany = &Error{"token_wrong_company", "the token belongs to another company"}
)
