package edge

import (
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"github.com/meridian-video/meridian/control/client"
	"github.com/meridian-video/meridian/control/entry"
	"github.com/meridian-video/meridian/edge/room"
	"github.com/meridian-video/meridian/edge/signal"
)

// errAsksTooOften refuses an address that has asked more than a household does.
var errAsksTooOften = &signal.Error{Kind: signal.Refused, Code: signal.RateLimited, Message: "Too many questions from this address; try again later.", RetryAfter: 5}

// lookAhead answers what a join would be answered: what the page is to show
// before the room, or why there will be no room. Nothing is reserved, counted or
// asked of others, and nothing is said that the join would not say.
func (n *Node) lookAhead(w http.ResponseWriter, r *http.Request) {
	answer, err := n.lookedAhead(w, r)
	if err != nil {
		signal.Problem(w, err, signal.NewTrace())
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(answer) // the page is gone
}

func (n *Node) lookedAhead(w http.ResponseWriter, r *http.Request) (answer signal.EntryAnswer, err error) {
	from, _ := netip.ParseAddrPort(r.RemoteAddr)
	if !n.askers.may(from.Addr(), time.Now()) {
		return answer, errAsksTooOften
	}
	cost := 1.0
	defer func() { n.askers.spend(from.Addr(), cost, time.Now()) }()
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, signal.MaxEntry))
	if err != nil {
		return answer, signal.Refuse(signal.BadMessage, "body: is too long or broke off", err)
	}
	q, err := signal.ParseEntry(body)
	if err != nil {
		return answer, err
	}
	c, err := n.company(r.Host)
	if err != nil {
		return answer, err
	}
	source, err := sourceOf(q.Source)
	if err != nil {
		return answer, err
	}
	answer, err = n.foresee(c, visit{source: source, kind: q.Kind, url: attributes(source, q.Attributes, q.Room), typed: q.Name, token: q.Token, browser: q.Browser})
	if answer.Refusal != nil {
		cost = askRefused
	}
	return answer, err
}

// foresee is the decision as the page is told it: a refusal alone, or what it
// was admitted as. Who is to wait is told no more of the room than they know.
func (n *Node) foresee(c client.Company, v visit) (answer signal.EntryAnswer, err error) {
	d, err := n.consider(c, v)
	if err != nil {
		return answer, err
	}
	if refusal, ok := errors.AsType[*entry.Refusal](d.err); ok {
		return signal.EntryAnswer{Refusal: entryRefusal(refusal), Entry: n.behind(c, d, refusal)}, nil
	}
	waits, err := n.waits(d)
	if refused, ok := errors.AsType[*signal.Error](err); ok {
		return signal.EntryAnswer{Refusal: &signal.EntryRefusal{Code: refused.Code, Message: refused.Message}}, nil
	}
	answer.Entry = n.told(c, d)
	answer.Room = signal.RoomFacts{Name: answer.Room.Name} // how to dial in is for those inside
	if waits {
		answer.Room = signal.RoomFacts{}
	}
	return answer, nil
}

// waits says whether a moderator will have to let somebody in, or why the room
// would not have them, as far as this node's copy knows.
func (n *Node) waits(d considered) (bool, error) {
	s, live := n.plane.Locate(d.Company, d.Room)
	if !live {
		return d.Role != entry.Moderator && (d.Lobby || client.On(d.settings.Lobby)), nil
	}
	waits, err := s.Receives(d.Peer, d.Identities, proofOf(d.claims, d.Admission), room.Role(d.Role))
	if err != nil {
		return false, joinError(err)
	}
	return waits || d.Lobby, nil
}

// behind is what the page of somebody who lacks a password alone needs to know
// to ask for it: all but what the room is called.
func (n *Node) behind(c client.Company, d considered, r *entry.Refusal) *signal.Entry {
	if !r.Ask {
		return nil
	}
	d.input.Secrets.Password = entry.Right
	if d.Admission, d.err = entry.Decide(d.input); d.err != nil {
		return nil
	}
	told := n.told(c, d)
	told.Room = signal.RoomFacts{}
	return told
}

func entryRefusal(r *entry.Refusal) *signal.EntryRefusal {
	out := &signal.EntryRefusal{Code: signal.Code(r.Code), Message: r.Message, Ask: r.Ask}
	if !r.Opens.IsZero() {
		out.Opens = &r.Opens
	}
	if !r.Closed.IsZero() {
		out.Closed = &r.Closed
	}
	return out
}

// told is an admission in the words of the page.
func (n *Node) told(c client.Company, d considered) *signal.Entry {
	return &signal.Entry{
		Name: d.Name, NameLocked: d.NameLocked, Page: string(d.Page), Role: string(d.Role), Mode: string(d.Mode), Chat: d.MayChat,
		Media:  signal.EntryMedia{MicOff: d.MicOff, CameraOff: d.CameraOff, MicLocked: d.MicLocked},
		View:   n.seen(c, d),
		Hidden: append([]string{}, d.HiddenControls...),
		PIN:    d.PIN,
		Room:   signal.RoomFacts{Name: d.room.Name, Code: d.room.AccessCode, DialIn: n.dialIn(c, d.room)},
	}
}

// seen is what of the attributes is for the page alone, over what is configured.
// An address to leave for is there only if the company allows it.
func (n *Node) seen(c client.Company, d considered) map[string]string {
	out := map[string]string{}
	if v := d.settings.DefaultView; v != nil {
		out[entry.Layout] = *v
	}
	maps.Copy(out, d.View)
	delete(out, entry.LeaveURL)
	if to := leaveURL(d.View[entry.LeaveURL], n.cfg.Configuration.View().Origins(c.ID)); to != "" {
		out[entry.LeaveURL] = to
	}
	return out
}

// dialIn lists the telephone numbers of a room that has a code for them.
func (n *Node) dialIn(c client.Company, r client.Room) []string {
	if r.AccessCode == "" {
		return nil
	}
	return n.cfg.Configuration.View().DialIn(c)
}

// sourceOf is by whose rules somebody comes in whose page says so. It is the
// visitor's word: no source that it may name gives more than another, where the
// company has not left that open (entry.Source).
func sourceOf(said string) (entry.Source, error) {
	switch s := entry.Source(said); s {
	case "", entry.Native:
		return entry.Native, nil
	case entry.GCore:
		return s, nil
	}
	return "", signal.Refuse(signal.BadMessage, "source: is unknown", nil)
}

// attributes reads what a page says of its address. The room is what the page
// found there, in the path perhaps.
func attributes(source entry.Source, said map[string]string, room string) entry.Attributes {
	q := make(url.Values, len(said))
	for name, v := range said {
		q[name] = []string{v}
	}
	a := entry.ReadURL(source, q)
	if a[entry.RoomID] = cmp.Or(room, a[entry.RoomID]); a[entry.RoomID] == "" {
		delete(a, entry.RoomID)
	}
	return a
}

// begins is what of somebody's media is on when they come in: what their link or
// the room's mode begins without is off, whatever the client says.
func begins(m signal.Media, adm entry.Admission) signal.Media {
	m.Mic = m.Mic && !adm.MicOff
	m.Camera = m.Camera && !adm.CameraOff
	return m
}
