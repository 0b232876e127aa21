package control

import (
	"context"
	"errors"

	"github.com/meridian-video/meridian/control/notify"
	"github.com/meridian-video/meridian/control/signin"
	"github.com/meridian-video/meridian/control/state"
)

// passwordLetters ties those who make links for passwords to those who write the letters.
type passwordLetters struct{ node *Node }

// PasswordLink implements notify.PasswordLinks: the link of a welcome letter. A company without a host name has no
// page that it could point to.
func (p passwordLetters) PasswordLink(ctx context.Context, company, user string) (string, error) {
	v := p.node.View()
	of, _ := state.Get[state.Company](v, company)
	if v.HostOf(of) == "" {
		return "", notify.ErrNoLink
	}
	l, err := p.node.api.SignIn().PasswordLink(ctx, company, user, "", true, "")
	if errors.Is(err, signin.ErrRefused) {
		return "", notify.ErrNoLink
	}
	return l.URL, err
}

// SendLink implements signin.Letters: the letter to somebody who forgot their password.
func (p passwordLetters) SendLink(ctx context.Context, l signin.Link) error {
	return p.node.secretary.Reset(ctx, l.Company.ID, l.User.ID, l.URL)
}
