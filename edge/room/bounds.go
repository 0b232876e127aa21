package room

import (
	"github.com/meridian-video/meridian/geo"
)

func (s Stamp) valid() bool    { return okID(string(s.Node)) }
func (p Position) valid() bool { return okID(string(p.Epoch.Node)) }

func (c command) valid() bool {
	set := 0
	ok := okID(c.Trace)
	if c.Join != nil {
		set++
		ok = ok && c.Join.valid()
	}
	if c.Leave != nil {
		set++
		ok = ok && c.Leave.valid()
	}
	if c.Set != nil {
		set++
		ok = ok && okID(c.Set.Attachment) && okName(c.Set.Name) && okTracks(c.Set.Tracks) && c.Set.Known.valid()
	}
	if c.Chat != nil {
		set++
		ok = ok && okID(c.Chat.Attachment) && okID(c.Chat.ID) && len(c.Chat.Text) <= MaxChatText
	}
	if c.Act != nil {
		set++
		ok = ok && okID(c.Act.Attachment) && c.Act.Set.valid() && okID(string(c.Act.Verb)) && okID(c.Act.Peer) && len(c.Act.Value) <= maxValue
	}
	return ok && set == 1
}

func (j JoinCommand) valid() bool {
	return okID(j.PeerID) && okSubject(j.Subject) && okName(j.Name) && okPhoto(j.Photo) && okFarewell(j.Farewell) && okID(string(j.Node)) && okID(j.POP) && okID(j.Attachment) &&
		j.Claim.valid() && j.Kind.valid() && j.Capacity >= 0 && okTracks(j.Tracks) && j.Proof.valid() && len(j.Ticket) <= maxTicket &&
		(j.Mode == "" || j.Mode.valid()) && okIdentities(j.Identities) && (j.Rules == nil || j.Rules.valid()) && (j.Meeting == nil || j.Meeting.valid()) && j.Player.Valid()
}

func (e Ended) valid() bool {
	return okID(e.Attachment) && okID(e.PeerID) && e.Reason.valid() && okName(e.Name) && okFarewell(e.Farewell)
}

func (m *registerMsg) validate() bool {
	ok := m.Stamp.valid() && m.Have.valid() && len(m.Mine) <= maxPeople && len(m.Leaves) <= maxCommands &&
		len(m.Commands) <= maxCommands && okNodes(m.Suspects)
	if m.State != nil {
		ok = ok && m.State.key() == m.key() && m.State.validate() == nil && m.State.position() == m.Have
	}
	for _, p := range m.Mine {
		ok = ok && p.valid()
	}
	for _, e := range m.Leaves {
		ok = ok && e.valid()
	}
	for _, c := range m.Commands {
		ok = ok && c.valid()
	}
	return ok
}

func (m *registerReply) validate() bool { return okID(string(m.Home)) && okID(string(m.Epoch.Node)) }
func (m *whoMsg) validate() bool        { return okID(string(m.About)) && okID(m.Peer) }

func (m *whoReply) validate() bool {
	ok := okID(string(m.Home)) && m.Have.valid()
	if m.State != nil {
		ok = ok && m.State.key() == m.key() && m.State.validate() == nil
	}
	return ok
}

func (m *stateMsg) validate() bool {
	return m.Stamp.valid() && m.State.key() == m.key() && m.State.validate() == nil
}

func (m *batchMsg) validate() bool {
	ok := len(m.Batches) > 0 && len(m.Batches) <= maxLoad
	for _, b := range m.Batches {
		ok = ok && len(b.Events) <= maxEvents && b.Epoch == m.epoch() && okID(string(b.Epoch.Node)) && b.validate() == nil
	}
	return ok
}

func (m *ackMsg) validate() bool { return m.Have.valid() }

func (m *commandMsg) validate() bool {
	ok := m.Stamp.valid() && len(m.Commands) <= maxCommands
	for _, c := range m.Commands {
		ok = ok && c.valid()
	}
	return ok
}

func (m *resultMsg) validate() bool {
	ok := len(m.Failed) <= maxCommands
	for _, f := range m.Failed {
		ok = ok && okID(f.Code)
	}
	return ok
}

func (m *announceMsg) validate() bool { return m.Home != "" && okID(string(m.Home)) && m.Have.valid() }
func (m *dropMsg) validate() bool     { return m.Stamp.valid() }

func okNodes(nodes []geo.NodeID) bool {
	for _, n := range nodes {
		if !okID(string(n)) {
			return false
		}
	}
	return len(nodes) <= maxSuspects
}
