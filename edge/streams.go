package edge

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/meridian-video/meridian/control/entry"
	"github.com/meridian-video/meridian/edge/room"
	"github.com/meridian-video/meridian/edge/rtc"
	"github.com/meridian-video/meridian/edge/sfu"
	"github.com/meridian-video/meridian/edge/signal"
	"github.com/meridian-video/meridian/geo"
)

// enter makes the entry decision for a WHIP or WHEP request. Who only watches is
// nobody in the room.
func (n *Node) enter(ctx context.Context, r signal.MediaRequest, watches bool) (admitted, error) {
	if err := n.takesJoins(); err != nil {
		return admitted{}, err
	}
	company, err := n.company(r.Host)
	if err != nil {
		return admitted{}, err
	}
	return n.admit(ctx, company, visit{
		source: entry.Native, kind: string(entry.Call), url: entry.Attributes{entry.RoomID: r.Room}, typed: r.Name, token: r.Token, watches: watches,
	})
}

// Publish implements signal.MediaHost: a WHIP client is a participant with a
// microphone and a camera and no ears.
func (n *Node) Publish(ctx context.Context, r signal.MediaRequest) (signal.Resource, error) {
	adm, err := n.enter(ctx, r, false)
	if err != nil {
		return nil, err
	}
	res, err := n.publish(ctx, adm, r)
	if err != nil {
		return nil, err
	}
	return res, nil
}

// publish and play do what Publish and Play do with whom entry has admitted.

func (n *Node) publish(ctx context.Context, adm admitted, r signal.MediaRequest) (*resource, error) {
	a, err := n.open(ctx, roomKey{adm.Company, adm.Room}, rtc.Offer{SDP: r.Offer, Name: r.Trace, MaxVideoSlots: -1, MaxAudioSlots: -1}, r.Trace, nil)
	if err != nil {
		return nil, err
	}
	var up signal.Up
	for _, u := range a.transport.Ups() {
		if u.Kind == sfu.Audio {
			up.Mic = cmp.Or(up.Mic, u.MID)
		} else {
			up.Camera = cmp.Or(up.Camera, u.MID)
		}
	}
	if up == (signal.Up{}) {
		err := signal.Refuse(signal.BadMessage, "offer: has no section that sends audio or video", nil)
		a.abort(err)
		return nil, err
	}
	if err := a.name(up); err != nil {
		a.abort(err)
		return nil, err
	}
	adm.Name = cmp.Or(adm.Name, "Stream")
	a.proof, a.provisional = adm.proof, adm.provisional
	a.join.Rules, a.join.Meeting = n.rules(a.key, time.Now())
	a.join.Farewell = adm.farewell
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	a.join.Waiting = func() { cancel(errUnheard) }
	if _, err := n.seat(ctx, a, adm.Admission, "", signal.Media{Mic: up.Mic != "", Camera: up.Camera != ""}); err != nil {
		return nil, err
	}
	a.log.Info("published by WHIP", "peer", a.seat.Peer())
	return &resource{transport: a.transport, close: func() { a.end(nil, room.Left) }}, nil
}

// Play implements signal.MediaHost: a WHEP client is nobody in the room; its
// slots show the first publishers, or those of one participant.
func (n *Node) Play(ctx context.Context, r signal.MediaRequest) (signal.Resource, error) {
	adm, err := n.enter(ctx, r, true)
	if err != nil {
		return nil, err
	}
	res, err := n.play(ctx, adm, r)
	if err != nil {
		return nil, err
	}
	return res, nil
}

func (n *Node) play(ctx context.Context, adm admitted, r signal.MediaRequest) (*resource, error) {
	transport, err := n.accept(ctx, rtc.Offer{SDP: r.Offer, Name: r.Trace, MaxVideoSlots: maxVideoSlots, MaxAudioSlots: maxAudioSlots})
	if err != nil {
		return nil, err
	}
	key := roomKey{adm.Company, adm.Room}
	p := &player{slots: newSlots(n, key, r.Trace, transport, nil), only: r.Participant, over: transport.Close}
	if p.only == "" {
		p.ear = &ear{key: key, slots: p.slots, people: p.roster.people, loudest: n.speakers.loudest}
	}
	watcher, err := n.plane.Watch(ctx, key.Company, key.Room, p)
	if err != nil {
		p.slots.close()
		transport.Close(err)
		return nil, joinError(err)
	}
	if err := mayWatch(adm.Admission, watcher.Snapshot); err != nil {
		watcher.Close()
		p.slots.close()
		transport.Close(err)
		return nil, err
	}
	p.seat(watcher.Snapshot)
	if p.ear != nil {
		n.ears.add(p.ear)
	}
	b := n.bearers.add(&bearer{
		company: key.Company, proof: adm.proof, provisional: adm.provisional,
		end: func(why *signal.Error) { transport.Close(why) },
	})
	n.wg.Go(func() {
		<-transport.Done()
		n.bearers.remove(b)
		watcher.Close()
		if p.ear != nil {
			n.ears.remove(p.ear)
		}
		p.slots.close()
	})
	if err := n.welcome(b); err != nil {
		transport.Close(err)
		return nil, err
	}
	return &resource{transport: transport, close: func() { transport.Close(errEnded) }}, nil
}

// player is a WHEP session: slots that follow the room, and an ear for those of
// audio. It implements room.Observer.
type player struct {
	slots  *slots
	ear    *ear   // nil: the one participant's sound
	only   string // peer id of the one participant shown; empty: the first
	over   func(cause error)
	roster roster
	cap    ceiling
}

// seat takes the room as it was when watching began.
func (p *player) seat(s room.Snapshot) {
	p.roster.begin(s)
	p.cap.begin(s.Rules.Bitrate.Value, p.slots.bound)
	if p.ear != nil {
		p.ear.begin()
	}
	p.show()
}

// Update implements room.Observer.
func (p *player) Update(_ uint64, events []room.Event) {
	p.cap.follow(events, p.slots.bound)
	if p.roster.update(events) {
		p.show()
	}
}

// Reset implements room.Observer.
func (p *player) Reset(s room.Snapshot) {
	p.cap.set(s.Rules.Bitrate.Value, p.slots.bound)
	p.roster.reset(s)
	p.show()
}

// Own implements room.Observer; a player is nobody.
func (p *player) Own(room.Person) {}

// Ended implements room.Observer.
func (p *player) Ended(room.Reason, string) { p.over(errEnded) }

// show keeps what is shown and still there, and fills the rest with the first
// publishers.
func (p *player) show() {
	p.slots.fill(func() ([]string, map[string]geo.NodeID) {
		people := p.roster.people()
		if p.only != "" {
			people = slices.DeleteFunc(people, func(x room.Person) bool { return x.PeerID != p.only })
		}
		best := firstPublishers(people, "")
		if p.ear != nil {
			best = slices.DeleteFunc(best, isAudio)
		}
		return best, tracksOf(slices.Values(people), "")
	})
	if p.ear != nil {
		p.ear.update()
	}
}

// resource is what WHIP and WHEP do with a session.
type resource struct {
	transport *rtc.Transport
	close     func()
}

func (r *resource) Answer() string        { return r.transport.Answer() }
func (r *resource) Done() <-chan struct{} { return r.transport.Done() }
func (r *resource) Close()                { r.close() }

// AddCandidates implements signal.Resource.
func (r *resource) AddCandidates(fragment string) error {
	err := r.transport.AddCandidates(fragment)
	if errors.Is(err, rtc.ErrUnknownUfrag) {
		return signal.ErrUfrag
	}
	return err
}

// Restart implements signal.Resource.
func (r *resource) Restart(ctx context.Context, fragment string) (string, error) {
	answer, err := r.transport.RestartFragment(ctx, fragment)
	if errors.Is(err, rtc.ErrBadOffer) {
		return "", signal.Refuse(signal.BadMessage, err.Error(), err)
	}
	return answer, err
}
