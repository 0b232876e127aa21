package edge

import (
	"context"
	"time"

	"github.com/meridian-video/meridian/control/client"
	"github.com/meridian-video/meridian/control/entry"
	"github.com/meridian-video/meridian/edge/room"
	"github.com/meridian-video/meridian/edge/signal"
)

// rules are those that are configured for a room and for the meeting that began
// last there, from this node's copy: they hold until a moderator sets others.
func (n *Node) rules(k roomKey, at time.Time) (*room.Rules, *room.Meeting) {
	view := n.cfg.Configuration.View()
	company, ok := view.Company(k.Company)
	if !ok {
		return nil, nil
	}
	configured, _ := view.Room(k.Company, k.Room)
	meeting, _ := view.Begun(configured, at)
	return configuredRules(view.Settings(company, configured)), configuredMeeting(meeting)
}

// configuredMeeting is what a meeting asks for, nil where it leaves all to the room.
func configuredMeeting(m client.Meeting) *room.Meeting {
	mode, ok := muteModes[entry.MuteMode(m.MuteMode)]
	if !ok {
		return nil
	}
	return &room.Meeting{Ends: m.EndsAt(), Mute: mode}
}

// configuredRules are the rules that settings ask for.
func configuredRules(s client.Settings) *room.Rules {
	rules := room.DefaultRules()
	rules.Lobby.Value = client.On(s.Lobby)
	if client.On(s.ViewersWrite) {
		rules.Chat.Value, rules.Hands.Value = room.Everybody, room.Everybody
	}
	if mode, ok := muteModes[entry.MuteMode(valueOf(s.MuteMode))]; ok {
		rules.Mute.Value = mode
	}
	configure(&rules.Share, s.WhoShares)
	configure(&rules.Chat, s.WhoWrites)
	configure(&rules.Hands, s.WhoRaisesHands)
	if s.BitrateCap != nil && *s.BitrateCap > 0 {
		rules.Bitrate.Value = min(max(*s.BitrateCap, room.MinBitrate), room.MaxBitrate)
	}
	return &rules
}

// muteModes are control's words for them (CB-A30).
var muteModes = map[entry.MuteMode]room.MuteMode{entry.Conversation: room.Free, entry.QandA: room.Quiet, entry.Presentation: room.Lecture}

func configure(rule *room.Rule[room.Audience], who *string) {
	if who != nil {
		rule.Value = room.Audience(*who)
	}
}

func valueOf(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// playerOf is the player that an admission brings into the room; one that the room
// would not take is none.
func playerOf(adm entry.Admission) room.Player {
	if p := room.Player(adm.Video); p.Valid() {
		return p
	}
	return ""
}

// errUnheard refuses who would have to wait and could not be told so.
var errUnheard = signal.Refuse(signal.Denied, "A moderator must let you in, which needs the meeting's page.", nil)

// mayWatch says why somebody may not look on who is nobody in the room: it would
// pass the lobby, the lock and a block.
func mayWatch(adm entry.Admission, s room.Snapshot) error {
	switch {
	case s.Blocked(adm.Peer, adm.Identities):
		return joinError(room.ErrBlocked)
	case adm.Role == entry.Moderator:
		return nil
	case s.Rules.Locked.Value:
		return joinError(room.ErrLocked)
	case s.Rules.Lobby.Value || adm.Lobby:
		return errUnheard
	}
	return nil
}

// bringLobby has who comes from now on wait, for a moderator whose token says so
// (GC-A46).
func (a *attachment) bringLobby() {
	ctx, cancel := context.WithTimeout(a.node.ctx, 10*time.Second)
	defer cancel()
	if err := a.seat.Act(ctx, room.Act{Verb: "lobby", Value: []byte("true")}); err != nil {
		a.log.Warn("waiting room not opened", "err", err)
	}
}

// gate lets through the tracks of what is on, and holds back all others where
// they enter the node: before any cache, for all who could get them.
func (a *attachment) gate(on signal.Media) {
	open := map[string]bool{
		trackMic: on.Mic, trackCamera: on.Camera, trackCamera2: on.Camera, trackShare: on.Share, trackShareAudio: on.ShareAudio,
	}
	for kind, up := range a.up {
		up.Track.Bar(!open[kind])
	}
}
