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
	o, own, err := s.aboutPassword(v, letter.Welcome, u)
	if err != nil {
		return nil
	}
	o.Source = source
	if known, err := s.Post.Mailed(ctx, u.Company, o); err != nil || known {
		return err
	}
	o.PasswordLink, err = s.Passwords.PasswordLink(ctx, u.Company, u.ID)
	if errors.Is(err, notify.ErrNoLink) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("welcome user %q: %w", u.ID, err)
	}
	return s.Post.MailAll(ctx, u.Company, notify.Addressed{Occasion: o, Own: own})
}

// Reset sends somebody the link that they asked for, to choose a password in place of a forgotten one. The same link
// again is one letter. Who has no address of ours, or may not sign in, gets none.
func (s *Secretary) Reset(ctx context.Context, company, id, link string) error {
	v := s.View()
	u, ok := state.GetOwned[state.User](v, company, id)
	if s.From == "" || !ok || u.Email == "" || u.Inactive {
		return nil
	}
	o, own, err := s.aboutPassword(v, letter.Reset, u)
	if err != nil {
		return nil
	}
	o.PasswordLink = link
	return s.Post.MailAll(ctx, company, notify.Addressed{Occasion: o, Own: own})
}

// aboutPassword is a letter of a kind to a user, without its link, and the company's template for it.
func (s *Secretary) aboutPassword(v *state.View, k letter.Kind, u state.User) (o letter.Occasion, own string, err error) {
	c, settings, err := s.company(v, u.Company, state.Room{})
	o = letter.Occasion{Kind: k, Brand: brand(c, settings), From: s.From, To: user(u, text(settings.Locale))}
	return o, template(v, c.ID, k, o.To.Language), err
}

// strangerToUs tells whether somebody may be written to and cannot sign in.
func strangerToUs(u state.User) bool {
	return u.Email != "" && !u.Inactive && !u.Silent && u.OpenIDSubject == "" && (u.Secret == nil || u.Secret.Password == "")
}
