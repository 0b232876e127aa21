package edge

import (
	"context"
	"slices"
	"time"

	"github.com/meridian-video/meridian/edge/room"
	"github.com/meridian-video/meridian/edge/signal"
)

// keep gives a participant whose socket was lost their attachment back, with its
// media as it is. Nobody else notices: to the room it was never away.
func (n *Node) keep(ctx context.Context, company string, j signal.Join, out *signal.Outbox) (signal.Session, signal.Joined, error) {
	var a *attachment
	snap, err := n.plane.Return(ctx, company, j.Room, j.Resume, func(id string) bool {
		a = n.attachmentOf(id)
		return a != nil && a.take(out)
	})
	if err != nil {
		return nil, signal.Joined{}, signal.Refuse(signal.ResumeInvalid, "This connection cannot be taken up again.", err)
	}
	joined := a.joined(snap, j.Trace)
	joined.Media, joined.Lobby = signal.MediaKept, n.guests(a.lobby.list())
	a.again()
	a.log.Info("socket opened again", "peer", a.seat.Peer())
	return grip{a, out}, joined, nil
}

// attachmentOf finds who is attached here.
func (n *Node) attachmentOf(id string) *attachment {
	all := n.attachmentList()
	i := slices.IndexFunc(all, func(a *attachment) bool { return a.id == id })
	if i < 0 {
		return nil
	}
	return all[i]
}

// take gives the attachment to another socket, while its media is connected.
func (a *attachment) take(out *signal.Outbox) bool {
	select {
	case <-a.transport.Connected():
	default:
		return false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.ended || a.out == nil || a.seat == nil {
		return false
	}
	if a.lost != nil {
		a.lost.Stop()
		a.lost = nil
	}
	a.out.replace(out)
	return true
}

// again tells a new socket what the old one was told when it changed. The rest is
// told by who remembers it, as they see that the socket is another.
func (a *attachment) again() {
	a.slots.again()
	a.ceiling.again(func(bitrate int) { a.out.Send(signal.BitrateCap{Type: "bitrate", Up: bitrate}) })
	if a.leaving.Load() {
		a.move()
	}
}

// renewed reports whether the socket is another than when it was asked last; to
// begin with it is not. It is called by Node.adapt alone.
func (a *attachment) renewed() bool {
	before, now := a.adapted, a.out.sockets()
	a.adapted = now
	return before != 0 && before != now
}

// joined is what the client is told of its place and the room.
func (a *attachment) joined(s room.Snapshot, trace string) signal.Joined {
	n, peer := a.node, a.seat.Peer()
	people := slices.DeleteFunc(n.people(a.reader(), s.People), func(p signal.Person) bool { return p.Peer == peer })
	return signal.Joined{
		Type: "joined", V: signal.Version, Peer: peer, Resume: a.seat.Ticket(),
		Node: signal.NodeRef{ID: string(n.cfg.Self.ID), POP: string(n.cfg.Self.POP)},
		Room: signal.RoomRef{ID: a.key.Room, Kind: string(s.Kind), Version: s.Version, Home: string(s.Home())},
		Self: n.person(a.self()), People: people, Viewers: s.Viewers, Chat: signalChat(s.Chat), Rules: signalRules(s.Rules),
		Slots: a.slots.mids(), Assigned: a.slots.assigned(),
		PingMS: int(signal.PingInterval.Milliseconds()), Trace: trace,
	}
}

// aheadTime is how long a client may take to connect its media before it has a
// place; aheadMost is how many may do so at once, since nobody has looked at
// their tickets yet.
const (
	aheadTime = 6 * time.Second
	aheadMost = 256
)

// ahead connects the media of who has an attachment elsewhere, which serves until
// then. Where too many do so at once the place is taken first.
func (a *attachment) ahead(ctx context.Context, tell func(signal.Connect)) error {
	n := a.node
	defer n.ahead.Add(-1)
	if n.ahead.Add(1) > aheadMost {
		return nil
	}
	a.transport.Begin()
	tell(signal.Connect{Answer: a.transport.Answer(), ICEServers: n.ICEServers(a.id)})
	limit := time.NewTimer(aheadTime)
	defer limit.Stop()
	select {
	case <-a.transport.Connected():
		return nil
	case <-a.transport.Done():
	case <-ctx.Done():
	case <-limit.C:
	}
	return &signal.Error{Kind: signal.Refused, Code: signal.TryAgain, Message: "The media connection did not come about.", RetryAfter: 1, Cause: context.Cause(ctx)}
}
