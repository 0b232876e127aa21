package notify

import (
	"context"
	"errors"
)

// ErrNoLink is returned when somebody can have no password link: gone, inactive, or signing in elsewhere.
var ErrNoLink = errors.New("this user can have no password link")

// PasswordLinks makes the links by which people choose their passwords.
type PasswordLinks interface {
	// PasswordLink makes one for a user; the one before opens nothing any more. After errors other than ErrNoLink it
	// is asked again.
	PasswordLink(ctx context.Context, company, user string) (link string, err error)
}
