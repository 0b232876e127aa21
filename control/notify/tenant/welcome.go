package tenant

import (
	"context"
	"errors"
	"fmt"

	"github.com/meridian-video/meridian/control/notify"
	"github.com/meridian-video/meridian/control/notify/letter"
	"github.com/meridian-video/meridian/control/state"
)

// welcome writes to a new user who has no way to sign in yet. A link is made only when no letter is queued: a second
// one would make the first, which may have been sent, worth nothing.
func (s *Secretary) welcome(ctx context.Context, v *state.View, e state.Event, source string) error {
	u, ok := state.GetOwned[state.User](v, e.Owner, e.Object)
	if s.Passwords == nil || !ok || !strangerToUs(u) {
		return nil
	}
	c, settings, err := s.company(v, u.Company, state.Room{})
	if err != nil {
		return nil
	}
	o := letter.Occasion{
		Kind: letter.Welcome, Brand: brand(c, settings), From: s.From, To: user(u, text(settings.Locale)), Source: source,
	}
	if known, err := s.Post.Mailed(ctx, c.ID, o); err != nil || known {
		return err
	}
	o.PasswordLink, err = s.Passwords.PasswordLink(ctx, c.ID, u.ID)
	if errors.Is(err, notify.ErrNoLink) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("welcome user %q: %w", u.ID, err)
	}
	return s.Post.Mail(ctx, c.ID, o, template(v, c.ID, letter.Welcome, o.To.Language))
}

// strangerToUs tells whether somebody may be written to and cannot sign in.
func strangerToUs(u state.User) bool {
	return u.Email != "" && !u.Inactive && !u.Silent && u.OpenIDSubject == "" && (u.Secret == nil || u.Secret.Password == "")
}
