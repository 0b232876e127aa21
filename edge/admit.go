package edge

import (
	"context"
	"encoding/base64"
	"errors"
	"time"

	"github.com/meridian-video/meridian/control/client"
	"github.com/meridian-video/meridian/control/entry"
	"github.com/meridian-video/meridian/control/token"
	"github.com/meridian-video/meridian/edge/room"
	"github.com/meridian-video/meridian/edge/signal"
)

// visit is somebody at the door.
type visit struct {
	source  entry.Source
	kind    string // of the page
	url     entry.Attributes
	typed   string // the name
	token   string
	browser string // the secret that a session is bound to
	watches bool   // by WHEP: in no list, and no presence of anybody
	// checking is called before a company's server is asked; nil: nobody is told.
	checking func()
	secrets  typed
}

// admitted is who comes in, and by what.
type admitted struct {
	entry.Admission
	proof       room.Proof
	provisional bool
	told        *signal.Entry // what the page is told of it
	farewell    string        // what is told outside when the presence ends
}

// considered is an entry decision with what it rests on.
type considered struct {
	input    entry.Input
	claims   token.Claims
	room     client.Room // zero: not configured
	settings client.Settings
	entry.Admission
	err error // nil or an *entry.Refusal
}

// consider makes the entry decision from this node's copy of the configuration.
// It asks nobody and counts nothing.
func (n *Node) consider(c client.Company, v visit) (considered, error) {
	view := n.cfg.Configuration.View()
	d := considered{input: entry.Input{Source: v.source, Kind: entry.Kind(v.kind), URL: v.url, Typed: v.typed, Now: time.Now()}}
	d.claims = readToken(&d.input, v, view.Keyring(c.ID))
	id := entry.RoomOf(d.input)
	var configured bool
	d.room, configured = view.Room(c.ID, id)
	d.settings = view.Settings(c, d.room)
	d.input.Company = entryCompany(c, d.settings, v.source)
	registered(view, c, d.input.Company)
	if configured {
		d.input.Room = entryRoom(d.room, d.settings)
	}
	if v.token != "" && n.outdated(d.settings) {
		return d, &signal.Error{Kind: signal.Refused, Code: signal.TryAgain, Message: "This server cannot check invitations now; try again.", RetryAfter: 5}
	}
	d.input.Live.Returning = n.returning(c.ID, id, d.claims)
	d.Admission, d.err = entry.Decide(d.input)
	return d, nil
}

// admit makes the entry decision for somebody who comes in. Only the first use
// of a token that serves for a time from then on is asked for.
func (n *Node) admit(ctx context.Context, c client.Company, v visit) (admitted, error) {
	current := n.cfg.Configuration.Connected() // before the copy is read
	d, err := n.consider(c, v)
	if err == nil {
		err = n.compare(ctx, &d, v)
	}
	if err != nil {
		return admitted{}, err
	}
	if d.err == nil && d.Counts != entry.CountsNothing {
		if d.input.UseErr = n.firstUse(ctx, d.Admission, d.input, d.claims); d.input.UseErr != nil {
			d.Admission, d.err = entry.Decide(d.input)
		}
	}
	if refusal, ok := errors.AsType[*entry.Refusal](d.err); ok {
		return admitted{}, refuse(refusal)
	}
	if d.Peer == "" {
		d.Peer = newPeerID() // before anybody outside is told of them
	}
	if err := n.consult(ctx, d, v); err != nil {
		return admitted{}, err
	}
	return admitted{d.Admission, proofOf(d.claims, d.Admission), !current, n.told(c, d), farewell(d, v)}, d.err
}

// refuse is a refusal in the words of signalling.
func refuse(r *entry.Refusal) *signal.Error {
	out := &signal.Error{Kind: signal.Refused, Code: signal.Code(r.Code), Message: r.Message, Ask: r.Ask, Cause: r}
	out.RetryAfter = int((r.RetryAfter + time.Second - 1) / time.Second)
	if !r.Opens.IsZero() {
		out.Opens = &r.Opens
	}
	return out
}

// readToken verifies what was brought, as one of the kinds that count with the
// source, and puts it into the input. It gives the zero claims where nothing
// valid was brought.
func readToken(in *entry.Input, v visit, ring token.Keyring) (claims token.Claims) {
	if v.token == "" {
		return claims
	}
	var kinds []token.Kind
	for _, p := range entry.Proofs(v.source) {
		kinds = append(kinds, token.Kind(p))
	}
	claims, in.TokenErr = ring.Verify(v.token, token.Expect{Kinds: kinds, Browser: v.browser}, in.Now)
	if in.TokenErr != nil {
		return token.Claims{}
	}
	in.Token = &entry.Claims{
		Proof: entry.Proof(claims.Kind), ID: claims.ID, Expires: claims.Expires, Company: claims.Company, Room: claims.Room, Peer: claims.Peer,
		Person: entry.Person{Kind: entry.PersonKind(claims.Person.Kind), ID: claims.Person.ID},
		Name:   claims.Name, Role: claims.Role, Attributes: claims.Attributes,
	}
	if v.browser != "" {
		in.Browser = token.Bind(v.browser)
	}
	return claims
}

// entryCompany is a company in the words of entry. Imail's partners rely on links
// that start recordings, so that there the switch is on until it is put off.
func entryCompany(c client.Company, s client.Settings, from entry.Source) *entry.Company {
	out := &entry.Company{
		ID: c.ID, Suspended: c.Suspended(), OpenRooms: client.On(s.OpenRooms), JWTMandatory: client.On(s.JWTMandatory),
		MaxParticipants: c.MaxParticipants, MaxSpeakers: c.MaxSpeakers, MaxViewers: c.MaxViewers,
		GuestStartRecording: client.On(s.GuestStartRecording) || s.GuestStartRecording == nil && from == entry.ImMail,
		VideoSignedOnly:     client.On(s.VideoSignedOnly),
		EmailCode:           client.On(s.EmailEntryOTP), EndWithToken: client.On(s.EndOnExpiry),
		DebugAttributes: client.On(s.DebugAttributes), WebhookFailOpen: client.On(s.WebhookFailOpen),
	}
	if s.PhotoSource != nil {
		out.Photos = entry.PhotoSource(*s.PhotoSource)
	}
	if s.HiddenControls != nil {
		out.HiddenControls = *s.HiddenControls
	}
	return out
}

func entryRoom(r client.Room, s client.Settings) *entry.Room {
	return &entry.Room{
		ID: r.PublicID, Owner: r.User, Kind: entry.Kind(r.Kind), TokenRequired: !r.Open, ViewersChat: client.On(s.ViewersWrite),
		PasswordRequired: client.HasPassword(r), HasPIN: client.HasPIN(r),
		MaxParticipants: r.MaxParticipants, MaxSpeakers: r.MaxSpeakers, MaxViewers: r.MaxViewers,
	}
}

// outdated says whether the copy is older than a company trusts its keys to be.
func (n *Node) outdated(s client.Settings) bool {
	return s.MaxFeedAgeSeconds != nil && n.cfg.Configuration.Age() > time.Duration(*s.MaxFeedAgeSeconds)*time.Second
}

// returning says whether a person is back whom the room keeps the place for, by
// the same token and as the one it was made for. Who may choose a peer id freely
// could choose another's.
func (n *Node) returning(company, name string, c token.Claims) bool {
	peer := signedPeer(c)
	if peer == "" {
		return false
	}
	p, ok := n.plane.Person(company, name, peer)
	return ok && p.State == room.Reconnecting && p.Proof.Token == tokenName(c.Hash)
}

// signedPeer is the peer id that a token was made for, if any.
func signedPeer(c token.Claims) string {
	if c.Kind == token.Partner {
		return c.Attributes[entry.PeerID]
	}
	return c.Peer
}

// proofOf is what of a token goes with its bearer.
func proofOf(c token.Claims, adm entry.Admission) room.Proof {
	if c.Kind == "" {
		return room.Proof{}
	}
	p := room.Proof{Token: tokenName(c.Hash), Key: c.KeyID, Until: adm.Until, Visit: c.Kind == token.Session}
	if c.Kind != token.Partner && c.ID != "" {
		p.IDs = append([]string{c.ID}, c.Parents...)
	}
	return p
}

func tokenName(hash [32]byte) string { return base64.RawURLEncoding.EncodeToString(hash[:]) }

// maxLifetime bounds the time from a first use for which it is remembered.
const maxLifetime = 365 * 24 * time.Hour

// firstUse asks whether the time since the first use of a token, or of the access
// token that stands in for one, is over.
func (n *Node) firstUse(ctx context.Context, adm entry.Admission, in entry.Input, c token.Claims) error {
	hash := c.Hash
	if adm.Counts == entry.CountsAccess {
		hash = token.AccessHash(adm.Company, adm.Room, in.URL[entry.AccessToken])
	}
	return n.uses.Judge(ctx, client.UseRequest{
		Company: adm.Company, Hash: hash[:], By: string(n.cfg.Self.ID), Expires: c.Expires,
		LifetimeMS: max(min(adm.TokenLifetime, maxLifetime).Milliseconds(), 1),
	})
}
