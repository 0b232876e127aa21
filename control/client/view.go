package client

import (
	"iter"
	"time"

	"github.com/meridian-video/meridian/control/keyring"
	"github.com/meridian-video/meridian/control/state"
	"github.com/meridian-video/meridian/control/token"
)

// The entities of an edge's copy.
type (
	// Company is a tenant.
	Company = state.Company
	// TenantKey is a company's public key for partner tokens.
	TenantKey = state.TenantKey
	// APIKey lets a program of a company ask about its rooms.
	APIKey = state.APIKey
	// Room is a room as configured.
	Room = state.Room
	// Meeting is a date in a room.
	Meeting = state.Meeting
	// MeetingSpec is what of a meeting was asked for.
	MeetingSpec = state.MeetingSpec
	// Webhook is an address of a company that is asked or told.
	Webhook = state.Webhook
	// WebhookSecret is what of a webhook is sealed.
	WebhookSecret = state.WebhookSecret
	// Settings are a room's, a company's and the levels' above.
	Settings = state.Settings
)

// View is the copy at one index. It never changes and is safe for many goroutines; a nil View is empty.
type View struct {
	state *state.View
	index uint64
	epoch string
}

// Index is the log index up to which the view is complete.
func (v *View) Index() uint64 {
	if v == nil {
		return 0
	}
	return v.index
}

// State is the copy as the entities it holds; empty for a nil View.
func (v *View) State() *state.View {
	if v == nil {
		return nil
	}
	return v.state
}

// CompanyByHost finds the company that a host name belongs to, as state.View does.
func (v *View) CompanyByHost(host string) (Company, bool) { return v.State().CompanyByHost(host) }

// Company finds a company by id; a suspended one too: look at its Status.
func (v *View) Company(id string) (Company, bool) { return state.Get[Company](v.State(), id) }

// Settings gives what holds for a room of a company; the room may be zero.
func (v *View) Settings(c Company, r Room) state.Settings { return v.State().Settings(c, r) }

// Begun finds the meeting of a room that began last by a time, whether it is over or not.
func (v *View) Begun(r Room, at time.Time) (Meeting, bool) { return state.Begun(v.State(), r.ID, at) }

// On is the value of a switch in Settings, false where no level has set it.
func On(b *bool) bool { return state.On(b) }

// Keyring is what may be trusted of tokens that are brought to a company.
func (v *View) Keyring(companyID string) token.Keyring { return keyring.Of(v.State(), companyID) }

// Revoked tells whether a company's token of ours was withdrawn.
func (v *View) Revoked(companyID, id string) bool { return keyring.Revoked(v.State(), companyID, id) }

// Usable tells whether a company's key, or one of ours, may sign tokens.
func (v *View) Usable(companyID, kid string) bool { return keyring.Usable(v.State(), companyID, kid) }

// Origins are the patterns of the sites that may embed a company's meetings; none means that it has listed none.
func (v *View) Origins(companyID string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for o := range state.List[state.AllowedOrigin](v.State(), companyID, "") {
			if !yield(o.Pattern) {
				return
			}
		}
	}
}

// Kinds of webhook that have to do with an entry.
const (
	AccessWebhook = state.WebhookAccess // asked whether an access token may come in
	JoinWebhook   = state.WebhookJoin   // asked whether somebody may join
	CloseWebhook  = state.WebhookClose  // told that somebody has left
)

// Webhook finds a company's first webhook of a kind that is not switched off.
func (v *View) Webhook(companyID, kind string) (Webhook, bool) {
	for w := range state.List[Webhook](v.State(), companyID, "") {
		if w.Kind == kind && w.Disabled == "" {
			return w, true
		}
	}
	return Webhook{}, false
}

// WebhookByID finds a company's webhook.
func (v *View) WebhookByID(companyID, id string) (Webhook, bool) {
	return state.GetOwned[Webhook](v.State(), companyID, id)
}

// DialIn are the telephone numbers of a company's meetings; none where it can be dialled into no meeting.
func (v *View) DialIn(c Company) []string {
	r, _ := state.Get[state.Reseller](v.State(), c.Reseller)
	return r.DialInNumbers
}

// Placement finds where control has the home of a live room.
func (v *View) Placement(companyID, publicID string) (state.Placement, bool) {
	return state.Get[state.Placement](v.State(), companyID+"/"+publicID)
}

// Room finds a room by the public id of links.
func (v *View) Room(companyID, publicID string) (Room, bool) {
	return state.Find[Room](v.State(), "public_id", companyID, publicID)
}
