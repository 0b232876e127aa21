package tenant

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/meridian-video/meridian/control/notify"
	"github.com/meridian-video/meridian/control/notify/letter"
	"github.com/meridian-video/meridian/control/seal"
	"github.com/meridian-video/meridian/control/state"
	"github.com/meridian-video/meridian/control/token"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// office is a state, and a secretary whose post and clock a test holds.
type office struct {
	*testing.T
	*Secretary
	state *state.State
	index uint64
	now   time.Time
	box   post
}

// newOffice has the reseller nw's company acme with a domain, a room, the user ada and the customer bob.
func newOffice(t *testing.T) *office {
	o := &office{T: t, state: state.New(), now: noon}
	sealer, err := seal.New(make([]byte, seal.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	o.Secretary = &Secretary{
		View: o.state.View, Seal: sealer, Tokens: &minter{}, Post: &o.box, From: "meetings@example.net", SMS: true,
		Propose: func(_ context.Context, c state.Command) error { return o.apply(c, "").Err },
		Now:     func() time.Time { return o.now }, Log: slog.New(slog.DiscardHandler),
	}
	o.do(state.Add(state.KindReseller, "nw", "", state.ResellerSpec{Name: "Northwind", DialInNumbers: []string{"+442071234567"}}))
	o.do(state.Add(state.KindCompany, "acme", "", state.CompanySpec{Name: "Acme", Reseller: "nw", Subdomain: "acme"}))
	o.do(state.Add(state.KindDomain, "meet.acme.example", "acme", state.RoomDomainSpec{FQDN: "meet.acme.example"}))
	o.do(state.Add(state.KindUser, "ada", "acme", state.UserSpec{Name: "Ada", Email: "ada@acme.example", Locale: "ru-RU"}))
	o.do(state.Add(state.KindCustomer, "bob", "acme", state.CustomerSpec{Name: "Bob", Email: "bob@customer.example", Phone: "+15551234567"}))
	o.do(state.Add(state.KindRoom, "r1", "acme", state.RoomSpec{PublicID: "daily"}))
	o.events() // whose letters no test wants
	return o
}

// apply applies a command a second after the one before.
func (o *office) apply(c state.Command, by string) state.Result {
	o.Helper()
	o.index++
	o.now = o.now.Add(time.Second)
	entry, err := state.Encode(o.now, c, state.Terms{By: by})
	if err != nil {
		o.Fatal(err)
	}
	return o.state.Apply(o.index, entry)
}

// do is a change that somebody wants.
func (o *office) do(c state.Command) {
	o.Helper()
	if r := o.apply(c, "key:k"); r.Err != nil {
		o.Fatalf("%s: %v", c.Name(), r.Err)
	}
}

// events takes those that wait.
func (o *office) events() (all []state.Event) {
	o.Helper()
	all = slices.Collect(state.All[state.Event](o.View(), ""))
	if len(all) > 0 {
		if r := o.apply(&state.TakeEvents{Through: all[len(all)-1].ID}, ""); r.Err != nil {
			o.Fatal(r.Err)
		}
	}
	return all
}

// write writes the letters of all events that wait, each event twice, as after a crash, and gives the new ones.
func (o *office) write() []sent {
	o.Helper()
	o.box.fresh = nil
	all := o.events()
	for range 2 {
		for _, e := range all {
			if err := o.Write(o.Context(), e, "epoch."+e.ID); err != nil {
				o.Fatal(err)
			}
		}
	}
	return o.box.fresh
}

// meeting makes one held by ada tomorrow.
func (o *office) meeting(id string, more ...func(*state.MeetingSpec)) {
	spec := state.MeetingSpec{Room: "r1", User: "ada", Subject: "Planning", StartsAt: noon.Add(24 * time.Hour), TimeZone: "Europe/Berlin"}
	for _, f := range more {
		f(&spec)
	}
	o.do(state.Add(state.KindMeeting, id, "acme", spec))
}

func (o *office) invited(id, meeting, email string) {
	o.do(state.Add(state.KindAttendee, id, "acme", state.AttendeeSpec{Meeting: meeting, Email: email}))
}

// sent is a letter that was given to the post.
type sent struct {
	letter.Occasion
	own string
}

// post keeps letters as the queue does: an occasion with a source, or of one sequence, is there once.
type post struct {
	known map[string]bool
	fresh []sent
	fault error
}

func (p *post) key(o letter.Occasion) string {
	if o.Source != "" {
		return string(o.Kind) + o.To.Email + o.Meeting.ID + o.Source
	}
	return string(o.Kind) + o.To.Email + o.Meeting.ID + string(rune('0'+o.Meeting.Sequence))
}

// MailAll implements Post.
func (p *post) MailAll(_ context.Context, company string, all ...notify.Addressed) error {
	if p.fault != nil {
		return p.fault
	}
	if company != "acme" {
		return errors.New("another company's")
	}
	for _, a := range all {
		o := a.Occasion
		if _, err := letter.Compose(o, a.Own, noon); err != nil {
			return err
		}
		if p.known == nil {
			p.known = map[string]bool{}
		}
		if !p.known[p.key(o)] {
			p.known[p.key(o)] = true
			p.fresh = append(p.fresh, sent{o, a.Own})
		}
	}
	return nil
}

// Mailed implements Post.
func (p *post) Mailed(_ context.Context, _ string, o letter.Occasion) (bool, error) {
	return p.known[p.key(o)], p.fault
}

// minter signs nothing and remembers what it should have.
type minter struct{ minted []token.Claims }

func (m *minter) Mint(c token.Claims) (string, error) {
	m.minted = append(m.minted, c)
	return "signed", nil
}

// links makes password links of one form, and counts them.
type links struct {
	made  int
	fault error
}

func (l *links) PasswordLink(_ context.Context, company, user string) (string, error) {
	l.made++
	return "https://meet.acme.example/password/" + company + "/" + user, l.fault
}

var _ notify.PasswordLinks = (*links)(nil)

// kinds are the letters' kinds and recipients.
func kinds(letters []sent) (out []string) {
	for _, l := range letters {
		out = append(out, string(l.Kind)+" "+l.To.Email)
	}
	slices.Sort(out)
	return out
}

func (o *office) want(got []sent, want ...string) {
	o.Helper()
	slices.Sort(want)
	if !slices.Equal(kinds(got), want) {
		o.Errorf("letters %q, want %q", kinds(got), want)
	}
}
