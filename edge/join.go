package edge

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/meridian-video/meridian/control/client"
	"github.com/meridian-video/meridian/control/entry"
	"github.com/meridian-video/meridian/edge/room"
	"github.com/meridian-video/meridian/edge/rtc"
	"github.com/meridian-video/meridian/edge/signal"
	"github.com/meridian-video/meridian/geo"
	"github.com/meridian-video/meridian/turn/credential"
)

// Slots a transport may have at the most.
const (
	maxVideoSlots = 49
	maxAudioSlots = 8
)

// iceLifetime is how long a TURN name may be used to allocate.
const iceLifetime = 5 * time.Minute

// Join implements signal.Host.
func (n *Node) Join(ctx context.Context, j signal.Join, out *signal.Outbox) (signal.Session, signal.Joined, error) {
	started := time.Now()
	company, err := n.tenant(j)
	if err != nil {
		return nil, signal.Joined{}, err
	}
	if j.Keep && !company.Suspended() {
		return n.keep(ctx, company.ID, j, out)
	}
	if err := n.takesJoins(); err != nil {
		return nil, signal.Joined{}, err
	}
	// Who resumes does not know the room's capacity; without one it stays.
	adm := admitted{Admission: entry.Admission{Company: company.ID, Room: j.Room, Name: j.Name}, provisional: !n.cfg.Configuration.Connected()}
	if j.Resume == "" {
		source, err := sourceOf(j.Source)
		if err != nil {
			return nil, signal.Joined{}, err
		}
		v := visit{source: source, kind: j.Kind, url: attributes(source, j.Attributes, j.Room), typed: j.Name, token: j.Token, browser: j.Browser, checking: j.Checking, secrets: typed{j.Password, j.PIN, j.From}}
		if j.Peer != "" {
			v.url[entry.PeerID] = j.Peer
		}
		if adm, err = n.admit(ctx, company, v); err != nil {
			return nil, signal.Joined{}, err
		}
	} else if company.Suspended() {
		return nil, signal.Joined{}, signal.Refuse(signal.Denied, "This service is switched off.", nil)
	}
	a, err := n.open(ctx, roomKey{company.ID, adm.Room}, rtc.Offer{SDP: j.Offer, Name: j.Trace, MaxVideoSlots: maxVideoSlots, MaxAudioSlots: maxAudioSlots}, j.Trace, out)
	if err != nil {
		return nil, signal.Joined{}, err
	}
	if j.Hear == signal.HearLoudest {
		a.hearLoudest()
	}
	if err := a.name(j.Up); err != nil {
		a.abort(err)
		return nil, signal.Joined{}, err
	}
	a.proof, a.provisional = adm.proof, adm.provisional
	a.join.Waiting, a.join.Farewell = j.Waiting, adm.farewell
	if j.Resume == "" {
		a.join.Rules, a.join.Meeting = n.rules(a.key, started)
	}
	told := j.Ahead && j.Resume != ""
	if told {
		if err := a.ahead(ctx, j.Connecting); err != nil {
			a.abort(err)
			return nil, signal.Joined{}, err
		}
	}
	snap, err := n.seat(ctx, a, adm.Admission, j.Resume, begins(j.Media, adm.Admission))
	if err != nil {
		return nil, signal.Joined{}, err
	}
	a.first(snap)
	joined := a.joined(snap, j.Trace)
	joined.Entry, joined.Lobby = adm.told, n.guests(a.lobby.begin(snap))
	if !told {
		joined.Answer, joined.ICEServers = a.transport.Answer(), n.ICEServers(a.id)
	}
	if adm.WaitingRoom && adm.Role == entry.Moderator {
		n.wg.Go(a.bringLobby)
	}
	a.log.Info("joined", "peer", a.seat.Peer(), "home", joined.Room.Home, "resumed", j.Resume != "", "took", time.Since(started))
	return grip{a, out}, joined, nil
}

// takesJoins says why no new participant is taken.
func (n *Node) takesJoins() error {
	switch {
	case n.draining.Load():
		return refuseDraining(nil)
	case n.full():
		return refuseFull(nil)
	case n.gray():
		return refuseDraining(errGray)
	}
	return nil
}

// tenant is the company of a join. A page under its name joins nodes under
// theirs; what it says of its own name is worth as much as a Host header, which
// is the client's word too.
func (n *Node) tenant(j signal.Join) (client.Company, error) {
	host := j.Host
	if n.cfg.Configuration.Ready() && n.cfg.Configuration.View().Names(hostname(j.PageHost)) {
		host = j.PageHost
	}
	return n.company(host)
}

// company finds the tenant by host name (spec A.8 step 1).
func (n *Node) company(host string) (client.Company, error) {
	if !n.cfg.Configuration.Ready() {
		return client.Company{}, &signal.Error{Kind: signal.Refused, Code: signal.TryAgain, Message: "This server is starting; try again.", RetryAfter: 1}
	}
	c, ok := n.cfg.Configuration.View().CompanyByHost(hostname(host))
	if !ok {
		return client.Company{}, signal.Refuse(signal.NotFound, "There is no meeting service under this name.", nil)
	}
	return c, nil
}

// hostname is a Host header without its port.
func hostname(host string) string {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	return strings.ToLower(host)
}

// open accepts the offer and makes an attachment that has no seat yet.
func (n *Node) open(ctx context.Context, key roomKey, offer rtc.Offer, trace string, out *signal.Outbox) (*attachment, error) {
	offer.Held = true // until there is a seat
	transport, err := n.accept(ctx, offer)
	if err != nil {
		return nil, err
	}
	a := &attachment{
		node: n, id: rand.Text()[:12], key: key, trace: trace, out: newLine(out), transport: transport,
		log: n.log.With("trace", trace, "company", key.Company, "room", key.Room),
		up:  map[string]rtc.Up{},
	}
	a.lobby.tell = a.tellLobby
	var tell func([]*signal.SlotLayer)
	if out != nil {
		tell = a.tellLayers
	}
	a.slots = newSlots(n, key, trace, transport, tell)
	return a, nil
}

// accept answers an offer.
func (n *Node) accept(ctx context.Context, offer rtc.Offer) (*rtc.Transport, error) {
	transport, err := n.engine.Accept(ctx, offer)
	switch {
	case errors.Is(err, rtc.ErrBadOffer):
		return nil, signal.Refuse(signal.BadMessage, "offer: "+err.Error(), err)
	case errors.Is(err, rtc.ErrFull):
		return nil, refuseFull(err)
	case errors.Is(err, rtc.ErrClosed):
		return nil, refuseDraining(err)
	case err != nil:
		return nil, joinError(err)
	}
	return transport, nil
}

// abort takes down an attachment that never got a seat. The room may be about
// to end it too, if it gave the seat to nobody who waited any more.
func (a *attachment) abort(cause error) {
	a.mu.Lock()
	over := a.ended
	a.ended = true
	a.mu.Unlock()
	if !over {
		a.free(cause)
	}
}

// name gives the up sections their kinds, as the client named them by mid.
func (a *attachment) name(up signal.Up) error {
	byMID := map[string]rtc.Up{}
	for _, u := range a.transport.Ups() {
		byMID[u.MID] = u
	}
	for _, w := range []struct{ kind, mid string }{
		{trackMic, up.Mic}, {trackCamera, up.Camera}, {trackCamera2, up.Camera2}, {trackShare, up.Share}, {trackShareAudio, up.ShareAudio},
	} {
		if w.mid == "" {
			continue
		}
		u, ok := byMID[w.mid]
		if !ok || u.Kind != kindOf("."+w.kind) {
			return signal.Refuse(signal.BadMessage, "up."+w.kind+": the offer has no such section to send in", nil)
		}
		u.Track.Bar(true) // until the room says what may be on
		a.up[w.kind] = u
	}
	return nil
}

// seat asks the room for the place.
func (n *Node) seat(ctx context.Context, a *attachment, adm entry.Admission, ticket string, media signal.Media) (room.Snapshot, error) {
	a.media = media
	a.publish()
	seat, snap, err := n.plane.Join(ctx, room.Join{
		Company: a.key.Company, Room: a.key.Room, Peer: adm.Peer, Subject: adm.Person.ID, Name: cmp.Or(adm.Name, "Guest"), Photo: photoOf(adm), Role: room.Role(adm.Role),
		Owner: adm.Owner, Mode: room.Mode(adm.Mode), Identities: adm.Identities, Lobby: adm.Lobby, Rules: a.join.Rules, Meeting: a.join.Meeting, Player: playerOf(adm), Waiting: a.join.Waiting, Farewell: a.join.Farewell,
		Kind: room.RoomKind(adm.Kind), Capacity: adm.Capacity, Attachment: a.id, POP: string(n.cfg.Self.POP), Ticket: ticket, Proof: a.proof,
		Media: room.Media(media), Tracks: a.published(media), Trace: a.trace,
	}, a)
	if err != nil {
		a.abort(err)
		return snap, joinError(err)
	}
	a.seat = seat
	a.transport.Begin()
	a.ceiling.begin(snap.Rules.Bitrate.Value, a.bound)
	if up, ok := a.up[trackMic]; ok {
		a.mic = &microphone{peer: seat.Peer(), track: a.trackID(trackMic), source: up.Track}
	}
	a.proof = seat.Proof()
	n.add(a)
	n.wg.Go(a.watch)
	if err := n.welcome(a.bearer); err != nil {
		a.end(nil, room.Kicked)
		return snap, err
	}
	if n.draining.Load() { // since the join was taken; Drain may not have seen it
		a.move()
	}
	return snap, nil
}

// first fills the slots with the first publishers, so that a client sees
// something without asking.
func (a *attachment) first(snap room.Snapshot) {
	a.roster.begin(snap)
	a.slots.fill(func() ([]string, map[string]geo.NodeID) {
		best := firstPublishers(a.roster.people(), a.id)
		if a.ear != nil {
			best = slices.DeleteFunc(best, isAudio)
		}
		return best, a.liveTracks()
	})
	if a.ear != nil {
		a.ear.begin()
	}
}

// ICEServers implements signal.MediaHost: the TURN server of this node under a
// name that is good for five minutes and bound to the participant.
func (n *Node) ICEServers(participant string) []signal.ICEServer {
	return n.iceServers(participant, iceLifetime)
}

func (n *Node) iceServers(participant string, lifetime time.Duration) []signal.ICEServer {
	if len(n.cfg.TURNAnnounce) == 0 {
		return []signal.ICEServer{}
	}
	user, password := credential.Mint(n.secret, participant, lifetime, time.Now())
	return []signal.ICEServer{{URLs: n.cfg.TURNAnnounce, Username: user, Credential: password}}
}

// firstPublishers lists what should fill slots before anybody has chosen, best
// first: shares, then people in the order in which they joined.
func firstPublishers(people []room.Person, self string) []string {
	var out []string
	for _, kinds := range [][]string{{trackShare, trackShareAudio}, {trackCamera, trackMic}} {
		for _, p := range people {
			for _, kind := range kinds {
				if id, ok := p.Tracks[kind]; ok && p.Attachment != self {
					out = append(out, id)
				}
			}
		}
	}
	return out
}
