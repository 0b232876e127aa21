package signin

import (
	"context"
)

// Letters sends people their links.
type Letters interface {
	// Send sends one soon. It must not wait for a mail server.
	Send(ctx context.Context, l Link) error
}

type Link struct{}

const maxAsked = 64

type asking struct{}
