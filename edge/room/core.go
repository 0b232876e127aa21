package room

import (
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"io"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/meridian-video/meridian/geo"
)

// Core is the pure room: a state and the commands that change it. It has no
// goroutine, lock, clock or socket; whoever owns it calls it from one goroutine
// and passes the time in. Commands return what changed as a batch, already
// applied; a batch without events means that nothing did.
type Core struct {
	s State

	personGrace time.Duration
	roomGrace   time.Duration
}

// JoinCommand asks for a place in the room.
type JoinCommand struct {
	PeerID     string            `json:"peer_id"`
	Subject    string            `json:"subject,omitempty"`
	Name       string            `json:"name"`
	Photo      string            `json:"photo,omitempty"`
	Farewell   string            `json:"farewell,omitempty"`
	Role       Role              `json:"role"`
	Node       geo.NodeID        `json:"node"`
	POP        string            `json:"pop"`
	Attachment string            `json:"attachment"`
	Owner      bool              `json:"owner,omitempty"`
	Mode       Mode              `json:"mode,omitempty"`       // empty: SpeakerMode
	Identities []string          `json:"identities,omitempty"` // see identify
	Claim      Stamp             `json:"claim"`
	Kind       RoomKind          `json:"kind,omitempty"`     // of the room, as they know it; empty: they do not
	Capacity   int               `json:"capacity,omitempty"` // of the part that they ask for; 0 leaves it as it is
	Rules      *Rules            `json:"rules,omitempty"`    // as configured; nil leaves them as they are
	Meeting    *Meeting          `json:"meeting,omitempty"`  // whose rules come before those; nil: none
	Lobby      bool              `json:"lobby,omitempty"`    // waits also where others do not
	Player     Player            `json:"player,omitempty"`   // that they bring, unless they wait; empty: none
	Media      Media             `json:"media"`
	Tracks     map[string]string `json:"tracks,omitempty"`
	Proof      Proof             `json:"proof,omitzero"`
	Ticket     string            `json:"ticket,omitempty"` // takes the place of all that says who it is
}

// Open makes a room that nobody was in yet, with its first home. Randomness
// gives the session's id and the secret of its resume tickets.
func Open(key Key, home geo.NodeID, now time.Time, random io.Reader, personGrace, roomGrace time.Duration) (*Core, error) {
	if random == nil {
		random = rand.Reader
	}
	seed := make([]byte, secretSize+16)
	if _, err := io.ReadFull(random, seed); err != nil {
		return nil, err
	}
	return Restore(State{
		Company: key.Company, Room: key.Room,
		Session: hex.EncodeToString(seed[secretSize:]), Secrets: [][]byte{seed[:secretSize:secretSize]},
		Epoch: Epoch{Provisional: 1, Node: home}, Places: noPlaces(), Rules: DefaultRules(), EmptySince: instant(now).Add(-roomGrace), // nobody came yet, nobody may come back
	}, personGrace, roomGrace), nil
}

// Restore makes a core of a state; it must be valid. The state stays the caller's.
func Restore(s State, personGrace, roomGrace time.Duration) *Core {
	return &Core{s: s.clone(), personGrace: personGrace, roomGrace: roomGrace}
}

// State is a copy of everything, for another node.
func (c *Core) State() State { return c.s.clone() }

// Snapshot is a copy of what those in the room may see.
func (c *Core) Snapshot() Snapshot { return c.s.snapshot() }

// Position is how far the core is.
func (c *Core) Position() Position { return c.s.position() }

// Ticket makes the resume ticket of who holds the attachment; empty if nobody does.
func (c *Core) Ticket(attachment string, now time.Time) string {
	p, ok := c.s.at(attachment)
	if !ok {
		return ""
	}
	return c.s.ticket(p, now)
}

func (c *Core) commit(events ...Event) Batch {
	b := Batch{Epoch: c.s.Epoch, Version: c.s.Version, Events: events}
	if len(events) == 0 {
		return b
	}
	for _, e := range events {
		c.s.apply(e)
	}
	c.s.Version++
	b.Version = c.s.Version
	return b
}

// Apply takes a valid batch over into a copy. ErrGap means that the copy needs
// what lies between, or another home's state.
func (c *Core) Apply(b Batch) error {
	if b.Epoch != c.s.Epoch || b.Version != c.s.Version+1 {
		return ErrGap
	}
	c.commit(b.Events...)
	return nil
}

// Join admits a person, moves one who is present to a new attachment, or lets
// them wait in the lobby.
//
// Without a ticket a newer claim on a peer id supersedes the older presence.
// With one the presence goes on: same ordinal, role, mode and time of joining.
// The same attachment joining again changes nothing. Only a peer id that holds no
// place in the same part of the room is counted against its places. Tickets open locked rooms and pass the
// lobby, and so do moderators, who could unlock and admit.
//
// It returns ErrResumeInvalid, ErrInvalid, ErrBlocked, ErrLocked, ErrFull,
// ErrSuperseded, ErrDenied or ErrNoAttachment.
func (c *Core) Join(now time.Time, j JoinCommand) (Batch, error) {
	if j.Ticket != "" {
		if err := c.redeem(&j); err != nil {
			return Batch{}, err
		}
	}
	p, err := c.joining(now, j)
	if err != nil {
		return Batch{}, err
	}
	if q, ok := c.s.at(j.Attachment); ok && q.PeerID != j.PeerID {
		return Batch{}, ErrInvalid // an attachment is one connection of one person
	}
	old, present := c.s.People[j.PeerID]
	if present && old.Attachment == j.Attachment {
		return Batch{Epoch: c.s.Epoch, Version: c.s.Version}, nil
	}
	settled, rules := c.settled(j), c.s.Rules
	if j.Rules != nil {
		rules = rules.configured(j.Rules.within(j.Meeting, c.s.began(now)))
	}
	events := append(c.resize(settled), c.setRules(rules, Hush{})...)
	if j.Ticket == "" && p.Role != Moderator {
		_, waits := c.s.guest(j.Attachment)
		switch {
		case rules.Locked.Value && !waits:
			return Batch{}, ErrLocked
		case rules.Lobby.Value, j.Lobby, waits:
			return c.wait(p, settled, events)
		}
	}
	if brings := rules.brought(j.Player); brings != rules {
		events = append(events, ruled(brings))
	}
	p = rules.entering(p)
	if present && j.Ticket != "" {
		p = p.resuming(old, rules)
	}
	switch {
	case present && !j.Claim.After(old.Claim):
		return Batch{}, ErrSuperseded
	case !c.s.fits(p, settled):
		return Batch{}, ErrFull
	case !present:
		return c.commit(append(events, joined(p))...), nil
	case j.Ticket != "":
		return c.commit(append(events, changed(p))...), nil
	}
	return c.commit(append(events, gone(old, Superseded, instant(now)), joined(p))...), nil
}

// redeem puts what a ticket says into a join.
func (c *Core) redeem(j *JoinCommand) error {
	t, err := c.s.openTicket(j.Ticket)
	if err != nil {
		return err
	}
	j.PeerID, j.Subject, j.Name, j.Photo, j.Role, j.Owner, j.Mode, j.Identities, j.Proof = t.Peer, t.Subject, t.Name, t.Photo, t.Role, t.Owner, t.Mode, t.Identities, t.Proof
	if old, ok := c.s.People[t.Peer]; ok && old.Attachment == t.Attachment && !j.Claim.After(old.Claim) {
		j.Claim = old.Claim.next() // the ticket proves that it came after
	}
	return nil
}

// joining is who asks to join, as moderators have decided about them so far.
func (c *Core) joining(now time.Time, j JoinCommand) (Person, error) {
	p := Person{
		PeerID: j.PeerID, Subject: j.Subject, Name: j.Name, Photo: j.Photo, Farewell: j.Farewell, Role: j.Role, Owner: j.Owner, Mode: cmp.Or(j.Mode, SpeakerMode), Identities: j.Identities,
		Node: j.Node, POP: j.POP, Attachment: j.Attachment, JoinedAt: c.s.begins(j.PeerID, now), Ordinal: c.s.Ordinal + 1,
		Claim: j.Claim, Media: j.Media, Tracks: j.Tracks, State: Present, Proof: j.Proof,
	}
	if p.Owner {
		p.Role = Moderator
	}
	if c.s.Kind == Webinar && c.s.Kind.differs(j.Kind) && p.Role != Moderator && p.Mode == SpeakerMode && j.Ticket == "" {
		p.Mode = ViewerMode // who takes it for a call is what its visitors are
	}
	if len(p.Identities) == 0 {
		p.Identities = identify(p.PeerID, nil)
	}
	v := c.s.verdict(append(p.Proof.mark(), p.Identities...))
	p = v.onto(p, j.Ticket != "")
	end, over := c.s.ended(j.Attachment)
	switch {
	case !p.valid() || j.Capacity < 0 || !j.Kind.valid():
		return p, ErrInvalid
	case v.Blocked:
		return p, ErrBlocked
	case over && end.Reason != Lost:
		return p, endedError(end.Reason)
	}
	return p, nil
}

// resuming is who comes back with a ticket as the presence that goes on. What was
// hushed stays off; the hand stays up.
func (p Person) resuming(old Person, rules Rules) Person {
	p.Subject, p.Name, p.Photo, p.Farewell, p.JoinedAt, p.Ordinal, p.Hand = old.Subject, old.Name, old.Photo, old.Farewell, old.JoinedAt, old.Ordinal, old.Hand
	p.Role, p.Owner, p.Mode, p.Identities, p.Proof = old.Role, old.Owner, old.Mode, old.Identities, old.Proof
	return p.heeding(old.Hushed, rules.may(p))
}

// Leave ends the presence that the attachment holds, or its waiting.
func (c *Core) Leave(now time.Time, attachment string, reason Reason) (Batch, error) {
	if g, waits := c.s.guest(attachment); waits {
		return c.commit(went(g, Left)), nil
	}
	p, ok := c.s.at(attachment)
	if !ok {
		return Batch{}, ErrNoAttachment
	}
	if !reason.valid() {
		return Batch{}, ErrInvalid
	}
	return c.commit(gone(p, reason, instant(now))), nil
}

// SetMedia sets what of a person's media is on and by which tracks.
func (c *Core) SetMedia(attachment string, media Media, tracks map[string]string) (Batch, error) {
	p, _ := c.s.at(attachment)
	return c.Set(attachment, p.Name, media, tracks, p.Hushed)
}

// Rename sets a person's displayed name.
func (c *Core) Rename(attachment, name string) (Batch, error) {
	return c.change(attachment, func(p *Person) { p.Name = name })
}

// Set does both at once, as a person's own node says, which knows of what was
// hushed until known. What the person may not have on stays off.
func (c *Core) Set(attachment, name string, media Media, tracks map[string]string, known Hushed) (Batch, error) {
	return c.change(attachment, func(p *Person) {
		hushed := p.Hushed
		p.Name, p.Media, p.Tracks, p.Hushed = name, media, tracks, known
		*p = p.heeding(hushed, c.s.Rules.may(*p))
	})
}

// Away marks a person whose client is gone and may come back; Tick ends the
// presence when its grace is over.
func (c *Core) Away(now time.Time, attachment string) (Batch, error) {
	return c.change(attachment, func(p *Person) {
		if p.State == Present {
			p.State, p.Since = Reconnecting, instant(now)
		}
	})
}

func (c *Core) change(attachment string, f func(*Person)) (Batch, error) {
	old, ok := c.s.at(attachment)
	if !ok {
		return Batch{}, ErrNoAttachment
	}
	p := old
	f(&p)
	if !p.valid() {
		return Batch{}, ErrInvalid
	}
	if p.equal(old) {
		return c.commit(), nil
	}
	return c.commit(changed(p)), nil
}

// Chat appends a message. The same id again changes nothing, so that a message
// may be repeated until it is known to have arrived.
func (c *Core) Chat(now time.Time, attachment, id, text string) (Batch, error) {
	p, ok := c.s.at(attachment)
	if !ok {
		return Batch{}, ErrNoAttachment
	}
	if len(text) > MaxChatText {
		return Batch{}, ErrChatTooLong
	}
	if !c.s.Rules.Chat.Value.includes(p) {
		return Batch{}, ErrNotAllowed
	}
	m := Message{Seq: c.s.Seq + 1, ID: id, PeerID: p.PeerID, Name: p.Name, Text: text, At: instant(now)}
	if text == "" || !utf8.ValidString(text) || !m.valid() {
		return Batch{}, ErrInvalid
	}
	if _, known := c.s.message(id); known {
		return c.commit(), nil
	}
	return c.commit(Event{Kind: EventChat, Message: &m}), nil
}

// Rotate puts a fresh ticket secret in front; tickets of the last few stay valid.
func (c *Core) Rotate(secret [secretSize]byte) Batch {
	m := c.s.meta()
	m.Secrets = keepSecrets(append([][]byte{secret[:]}, m.Secrets...))
	return c.commit(Event{Kind: eventMeta, Meta: &m})
}

func keepSecrets(secrets [][]byte) [][]byte {
	var out [][]byte
	for _, s := range secrets {
		known := slices.ContainsFunc(out, func(o []byte) bool { return string(o) == string(s) })
		if !known && len(out) < secretsKept {
			out = append(out, s)
		}
	}
	return out
}
