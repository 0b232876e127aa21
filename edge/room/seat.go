package room

import (
	"context"
	"maps"
	"time"
	"unicode/utf8"

	"github.com/meridian-video/meridian/geo"
)

// Join asks the plane for a place in a room.
type Join struct {
	Company, Room string

	Peer    string // empty: one is made
	Subject string // id of the user, customer or attendee whom the company knows them as, for history alone; empty: nobody
	Name    string
	Photo   string // where a picture of the person is, in words of the caller's; participants are never told
	// Farewell goes with the record of the presence's end, in words of the
	// caller's: what is to be told outside. It is in no ticket, which the person
	// could read.
	Farewell   string
	Role       Role // empty: Regular
	Owner      bool
	Mode       Mode     // empty: SpeakerMode
	Identities []string // what a block holds for, beside the peer id
	Rules      *Rules   // as configured for the room; nil: as they are
	Meeting    *Meeting // that began last in the room; nil: it has no rules of its own
	Lobby      bool     // they wait also where others do not
	Player     Player   // that they bring, unless they wait; empty: none
	Kind       RoomKind // of the room, as they know it; empty: they do not
	Capacity   int      // of the part of the room that they ask for, 0: as it is
	Attachment string   // unique id of the connection; empty: one is made
	POP        string   // empty: the node's
	Proof      Proof    // the token that let the participant in
	Ticket     string   // of an earlier seat: takes the place of all that says who it is
	Media      Media
	Tracks     map[string]string
	Trace      string // follows the join through the logs of the nodes

	// Waiting is called, by the goroutine of Join, if a moderator must admit the
	// person first. Join then goes on for up to LobbyTime. nil: nobody is told.
	Waiting func()
}

// Observer is told what happens in a room, in order, by the room's owner: it
// must not block. Calls may come before Join or Watch has returned; what they
// say comes after the returned snapshot.
type Observer interface {
	// Update tells the events that lead to a version. There may be none that
	// an observer sees. Of a webinar's viewers, who are only counted, nobody is
	// told but of themselves, and versions are left out.
	Update(version uint64, events []Event)
	// Reset replaces everything told before.
	Reset(s Snapshot)
	// Own tells a participant's own node what holds of them from now on: their
	// media as far as role, mode and the room's rules let it be on, first before
	// Join has returned, and after every SetMedia. It comes before the Update
	// that tells others the same. Watchers are not told.
	Own(p Person)
	// Ended is the last call: the presence, or the watched room, is over, for a
	// reason and, if somebody decided it, by that peer id. It is not called after
	// Seat.Leave or Watcher.Close.
	Ended(reason Reason, by string)
}

// Seat is a participant's place in a room. Its methods do not wait for the
// network, Chat and Act excepted, and have no effect once the seat has ended.
type Seat struct {
	plane      *Plane
	owner      *owner
	attachment string
	peer       string
	ticket     string
	proof      Proof
}

// Join takes a place in a room for a participant of this node: admitted by the
// room's home, which is found, or made, if this node does not know it.
//
// It returns ErrFull, ErrLocked, ErrBlocked, ErrDenied, ErrResumeInvalid,
// ErrSuperseded (a newer claim holds the peer id), ErrInvalid, ErrTryAgain,
// ErrClosed or the cause of ctx.
func (p *Plane) Join(ctx context.Context, j Join, o Observer) (*Seat, Snapshot, error) {
	seat, snap, err := p.join(ctx, j, o)
	result := "ok"
	if err != nil {
		result = codeOf(err)
	}
	p.metrics.joins.WithLabelValues(result).Inc()
	return seat, snap, err
}

func (p *Plane) join(ctx context.Context, j Join, o Observer) (*Seat, Snapshot, error) {
	c := &JoinCommand{
		PeerID: j.Peer, Subject: j.Subject, Name: j.Name, Photo: j.Photo, Farewell: j.Farewell, Role: j.Role, Owner: j.Owner, Mode: j.Mode, Rules: j.Rules, Meeting: j.Meeting, Lobby: j.Lobby, Player: j.Player, Node: p.cfg.Self, POP: j.POP, Attachment: j.Attachment,
		Claim: p.clock.read(), Kind: j.Kind, Capacity: j.Capacity, Media: j.Media, Tracks: maps.Clone(j.Tracks), Ticket: j.Ticket, Proof: j.Proof,
	}
	if c.PeerID == "" && c.Ticket == "" {
		c.PeerID = p.name()
	}
	c.Identities = identify(c.PeerID, j.Identities)
	if c.Attachment == "" {
		c.Attachment = p.name()
	}
	if c.Role == "" {
		c.Role = Regular
	}
	if c.POP == "" {
		c.POP = p.cfg.POP
	}
	k := Key{j.Company, j.Room}
	if !k.valid() || !c.valid() || !okID(j.Trace) {
		return nil, Snapshot{}, ErrInvalid
	}
	l := &local{observer: o, attachment: c.Attachment, waits: make(chan struct{}), entered: make(chan entered, 1)}
	snap, own, err := p.enter(ctx, k, l, j.Waiting, func(own *owner) { own.join(l, command{Trace: j.Trace, Join: c}) })
	if err != nil {
		return nil, Snapshot{}, err
	}
	return &Seat{plane: p, owner: own, attachment: l.attachment, peer: l.entry.peer, ticket: l.entry.ticket, proof: l.entry.proof}, snap, nil
}

// enter waits until a local one is in the room, and takes it out again if
// nobody waits for it any more.
func (p *Plane) enter(ctx context.Context, k Key, l *local, waiting func(), ask func(*owner)) (Snapshot, *owner, error) {
	if !p.post(k, true, 0, ask) {
		return Snapshot{}, nil, ErrClosed
	}
	limit := time.NewTimer(p.cfg.JoinTimeout)
	defer limit.Stop()
	waits, cause := l.waits, error(ErrTryAgain)
	for {
		select {
		case e := <-l.entered:
			l.entry = e
			return e.snapshot, e.owner, e.err
		case <-waits:
			waits = nil
			limit.Reset(p.cfg.LobbyTime)
			if waiting != nil {
				waiting()
			}
			continue
		case <-p.ctx.Done():
			return Snapshot{}, nil, ErrClosed
		case <-ctx.Done():
			cause = context.Cause(ctx)
		case <-limit.C:
		}
		p.post(k, false, 0, func(o *owner) { o.leave(l.attachment, Left) })
		return Snapshot{}, nil, cause
	}
}

// Peer is the participant's peer id.
func (s *Seat) Peer() string { return s.peer }

// Ticket is the participant's resume ticket.
func (s *Seat) Ticket() string { return s.ticket }

// Proof is the token that let the participant in, before a resume perhaps.
func (s *Seat) Proof() Proof { return s.proof }

// Home is the node that decides for the room now, as far as this node knows.
func (s *Seat) Home() geo.NodeID {
	info, _ := s.owner.info()
	return info.Home
}

// SetMedia says what of the participant's media is on, and by which tracks. What
// they may not have on stays off; the observer is told by Own.
// More than MaxTracks tracks, or names out of bounds, are ignored with a log line.
func (s *Seat) SetMedia(m Media, tracks map[string]string) {
	if !okTracks(tracks) {
		s.plane.log.Warn("tracks outside their bounds ignored", "attachment", s.attachment, "tracks", len(tracks))
		return
	}
	tracks = maps.Clone(tracks)
	s.post(func(o *owner) { o.set(s.attachment, func(p *Person) { p.Media, p.Tracks = m, tracks }) })
}

// Rename sets the displayed name: valid UTF-8 of at most MaxName runes, else ErrInvalid.
func (s *Seat) Rename(name string) error {
	if !okName(name) {
		return ErrInvalid
	}
	s.post(func(o *owner) { o.set(s.attachment, func(p *Person) { p.Name = name }) })
	return nil
}

// Chat writes a message and returns its sequence number once a second node
// holds it, or this is the only node there is. After an error that is not
// ErrChatTooLong, ErrInvalid or ErrNoAttachment the message may be in the room
// all the same.
//
// id is the writer's own name of the message, by which repeating it, also from
// a later seat of the same person, makes no second one; empty: it has none.
func (s *Seat) Chat(ctx context.Context, id, text string) (uint64, error) {
	if len(text) > MaxChatText {
		return 0, ErrChatTooLong
	}
	if text == "" || !utf8.ValidString(text) {
		return 0, ErrInvalid
	}
	w := &written{done: make(chan written, 1), id: s.plane.name()}
	if id != "" {
		if w.id = s.peer + "/" + id; !okID(w.id) {
			return 0, ErrInvalid
		}
	}
	return s.write(ctx, w, command{Chat: &chatCommand{Attachment: s.attachment, ID: w.id, Text: text}})
}

// Act asks the room for something. It returns once a second node knows that it
// is done, or this is the only node there is: ErrInvalid, which names the field,
// ErrNotAllowed, ErrNoPerson, ErrFull for an admission without a place, or an
// error after which it may be done all the same, of which ErrTryAgain asks to try
// again. One after the other: of two acts at once, the failure of the first may
// be lost if the second is done.
func (s *Seat) Act(ctx context.Context, a Act) error {
	if err := a.Check(); err != nil {
		return err
	}
	c := &actCommand{Attachment: s.attachment, Set: s.plane.clock.read(), Act: a}
	_, err := s.write(ctx, &written{done: make(chan written, 1)}, command{Act: c})
	return err
}

// write waits until a command is done.
func (s *Seat) write(ctx context.Context, w *written, c command) (uint64, error) {
	if !s.post(func(o *owner) { o.write(w, c) }) {
		return 0, ErrClosed
	}
	select {
	case r := <-w.done:
		return r.seq, r.err
	case <-s.plane.ctx.Done():
		return 0, ErrClosed
	case <-ctx.Done():
		s.post(func(o *owner) { o.forgetWrite(w) })
		return 0, context.Cause(ctx)
	}
}

// Away shows the others that the participant's client is gone and may come back,
// by a Join with the ticket. Who does not is lost in the end; earlier by Leave.
func (s *Seat) Away() { s.post(func(o *owner) { o.away(s.attachment) }) }

// Leave ends the presence with a reason. Later calls do nothing.
func (s *Seat) Leave(reason Reason) {
	if !reason.valid() {
		reason = Left
	}
	s.post(func(o *owner) { o.leave(s.attachment, reason) })
}

func (s *Seat) post(f func(*owner)) bool { return s.owner.box.put(f, 0) }

// Watcher follows a room without being in it. Snapshot is the room as it was
// when watching began.
type Watcher struct {
	Snapshot

	owner *owner
	id    string
}

// Watch follows a room for somebody who is nobody in it. The room is not made
// and not kept alive by it: ErrNotFound is returned when no living node knows
// the room, and the observer is told RoomClosed when it is over.
func (p *Plane) Watch(ctx context.Context, company, room string, o Observer) (*Watcher, error) {
	k := Key{company, room}
	if !k.valid() {
		return nil, ErrInvalid
	}
	l := &local{observer: o, attachment: p.name(), watch: true, entered: make(chan entered, 1)}
	snap, own, err := p.enter(ctx, k, l, nil, func(own *owner) { own.watch(l) })
	if err != nil {
		return nil, err
	}
	return &Watcher{Snapshot: snap, owner: own, id: l.attachment}, nil
}

// Close ends watching. It is idempotent.
func (w *Watcher) Close() {
	w.owner.box.put(func(o *owner) { o.leave(w.id, Left) }, 0)
}
