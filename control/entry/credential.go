package entry

import (
	"errors"
	"time"
)

// credential is step 3.
func (d *decision) credential() *Refusal {
	if r := d.badToken(); r != nil {
		return r
	}
	t := d.in.Token
	switch {
	case t == nil:
		return d.withoutToken()
	case t.Company != d.in.Company.ID:
		return refuse("token_wrong_company", "Access denied.")
	case !d.rules.accepts(t.Proof):
		return refuse("denied", "Access denied: another kind of invitation is needed here.")
	case t.Proof.forOneRoom():
		// A token of that kind without a room is none that was ever minted.
		if asked, ok := get(d.in.URL, RoomID); t.Room == "" || ok && asked != t.Room {
			return refuse("token_wrong_room", "Access denied: the invitation is for another room.")
		}
	}
	return nil
}

// forOneRoom tells tokens that name their room from those that go wherever
// their bearer goes: a partner's may, a signed-in user does.
func (p Proof) forOneRoom() bool { return p != Partner && p != Host }

// personal tells tokens that are made for one person in one room.
func (p Proof) personal() bool { return p == Join || p == Participant || p == Session }

// withoutToken lets in who needs none, or has an address that does.
func (d *decision) withoutToken() *Refusal {
	missing := refuse("token_missing", "Access denied: an invitation is required.")
	switch {
	case d.in.Company.JWTMandatory, d.configured().TokenRequired, d.rules.need == needAlways:
		return missing
	case d.rules.need == needNever:
		return nil
	}
	if CleanAddress(d.in.Mail.Address) == "" {
		return missing
	}
	// One answer for strangers, customers of other meetings and users, who do
	// not come in by address (MB-A11, MB-A12, MB-A15).
	denied := refuse("denied", "Access denied: this address is not invited.")
	switch {
	case d.in.Company.EmailCode && !d.in.Mail.Proved:
		return denied
	case !d.configured().Public && !d.byMail():
		return denied
	}
	return nil
}

// byMail tells whether the address is that of an invited customer, who then is
// that attendee. In a public meeting it makes nobody anything: whoever types an
// address there must not learn whose it is.
func (d *decision) byMail() bool {
	return d.in.Token == nil && !d.configured().Public && d.rules.need == needMail && d.in.Attendee != nil && !d.in.Attendee.User
}

// badToken refuses a token that was given and is not valid: it is never
// ignored (GC-T08).
func (d *decision) badToken() *Refusal {
	err := d.in.TokenErr
	if err == nil {
		return nil
	}
	r := coded(err)
	if r.Code == "token_missing" && d.in.Token == nil {
		return nil
	}
	return r
}

// coded makes a refusal of an error that may know its code and its times.
func coded(err error) *Refusal {
	r := &Refusal{Code: "denied", Message: "Access denied.", Cause: err}
	if c, ok := errors.AsType[interface {
		error
		Code() string
	}](err); ok {
		r.Code = c.Code()
	}
	var from, until time.Time
	if w, ok := errors.AsType[interface {
		error
		Window() (from, until time.Time)
	}](err); ok {
		from, until = w.Window()
	}
	switch r.Code {
	case "token_expired":
		r.Message, r.Closed = "Access denied: the invitation has expired.", until
	case "token_not_yet_valid":
		r.Message, r.Opens = "Access denied: the invitation is not valid yet.", from
	case "try_again":
		r.Message = "Please try again."
	}
	return r
}

// block is step 6 (INV-19).
func (d *decision) block() *Refusal {
	for _, id := range d.out.Identities {
		for _, blocked := range d.in.Live.Blocked {
			if id == blocked {
				return refuse("blocked", "You were removed from this meeting and cannot come back.")
			}
		}
	}
	return nil
}

// password is step 7: the moderator's PIN, where one was typed, and the room's
// password.
func (d *decision) password() *Refusal {
	s := d.in.Secrets
	pin := s.PIN
	if !d.rules.pin {
		pin = NotGiven
	}
	asked := d.configured().PasswordRequired && !d.knowsPassword()
	switch {
	case !asked && pin == NotGiven:
		return nil
	case s.Pause > 0:
		r := refuse("wrong_password", "Too many wrong tries.")
		r.RetryAfter = s.Pause
		return r
	case pin == Wrong, asked && s.Password == Wrong:
		return refuse("wrong_password", "That is not right.")
	case asked && s.Password != Right:
		r := refuse("wrong_password", "This meeting has a password.")
		r.Ask = true
		return r
	}
	return nil
}

// knowsPassword tells who is not asked: the owner, whose token says so, and
// where the source has it other moderators; who returns was asked before.
func (d *decision) knowsPassword() bool {
	return d.out.Owner || d.in.Live.Returning || !d.rules.passwordForModerators && d.signedModerator()
}
