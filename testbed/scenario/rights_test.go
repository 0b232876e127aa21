package scenario

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	rooms "github.com/meridian-video/meridian/edge/room"
	"github.com/meridian-video/meridian/edge/signal"
	"github.com/meridian-video/meridian/testbed/client"
)

// right is one row of the matrix: an act that changes something in the hall, and
// who may ask for it beside a moderator.
type right struct {
	peer  string
	value any
	also  []string
	shows func(s client.State, actor, me string) bool // at each page
	ends  signal.Code                                 // what the peer is told, or all if there is none
	undo  any                                         // the value that makes it as it was
}

func rule(value, undo any, shows func(signal.Rules) bool) right {
	return right{value: value, undo: undo, shows: func(s client.State, _, _ string) bool { return shows(s.Rules) }}
}

func about(peer string, value any, shows func(p signal.Person) bool) right {
	return right{peer: peer, value: value, shows: func(s client.State, _, _ string) bool { return shows(s.People[peer]) }}
}

func (r right) undone(value any) right {
	r.undo = value
	return r
}

// gone is the row of an act after which somebody is not in the hall.
func gone(peer string, told signal.Code) right {
	r := about(peer, nil, func(p signal.Person) bool { return p.Peer == "" })
	r.ends = told
	return r
}

// rights are the matrix, by verb.
func rights() map[rooms.Verb]right {
	own := []string{"reg", "obs"} // whoever is no viewer
	return map[rooms.Verb]right{
		"hand":  {value: true, undo: false, also: own, shows: func(s client.State, actor, _ string) bool { return s.People[actor].Hand != nil }},
		"react": {value: "👏", also: own, shows: func(s client.State, actor, _ string) bool { return slices.Contains(s.Reacted, actor+" 👏") }},

		"mute":  about("ann", "mic", func(p signal.Person) bool { return p.Peer != "" && !p.Media.Mic }),
		"lower": about("ann", nil, func(p signal.Person) bool { return p.Peer != "" && p.Hand == nil }),
		"role":  about("ann", "moderator", func(p signal.Person) bool { return p.Role == "moderator" }).undone("regular"),
		"mode":  about("ann", "observer", func(p signal.Person) bool { return p.Mode == "observer" && !p.Media.Camera }).undone("speaker"),
		"ask": {peer: "ann", value: "share", shows: func(s client.State, _, me string) bool {
			return slices.Contains(s.Asked, "share") == (me == "ann") && !s.People["ann"].Media.Share
		}},

		"kick":  gone("kim", signal.Kicked),
		"block": gone("bob", signal.Blocked),
		"admit": about("gus", nil, func(p signal.Person) bool { return p.State == "present" }),
		"reject": {peer: "hal", shows: func(s client.State, _, _ string) bool {
			return !slices.ContainsFunc(s.Lobby, func(g signal.Guest) bool { return g.Peer == "hal" })
		}},
		"end": {ends: signal.RoomClosed, shows: func(s client.State, _, _ string) bool { return s.Ended != nil }},

		"lock":      rule(true, false, func(r signal.Rules) bool { return r.Locked }),
		"lobby":     rule(false, true, func(r signal.Rules) bool { return !r.Lobby }),
		"mute_mode": rule("lecture", "free", func(r signal.Rules) bool { return r.MuteMode == "lecture" }),
		"share":     rule("nobody", "speakers", func(r signal.Rules) bool { return r.Share == "nobody" }),
		"chat":      rule("nobody", "speakers", func(r signal.Rules) bool { return r.Chat == "nobody" }),
		"hands":     rule("moderators", "speakers", func(r signal.Rules) bool { return r.Hands == "moderators" }),
		"bitrate":   rule(30_000, 0, func(r signal.Rules) bool { return r.Bitrate == 30_000 }),
		"stage":     rule(signal.Stage{On: true}, signal.Stage{}, func(r signal.Rules) bool { return r.Stage.On }),
		"player":    rule("https://play.example/", "", func(r signal.Rules) bool { return r.Player == "https://play.example/" }),
	}
}

// matrix is a hall at two POPs with everybody whom a right may be about, who send
// nothing.
type matrix struct {
	*room
	acts    int
	answers map[string]<-chan error // to who waits
}

func newMatrix(t *testing.T) *matrix {
	t.Helper()
	m := &matrix{room: newRoom(t, 45), answers: map[string]<-chan error{}}
	m.hall("fra")
	m.enter("mod", "iad", client.Options{Token: m.moderator()})
	for i, peer := range []string{"reg", "obs", "view", "ann", "kim", "bob"} {
		m.enter(peer, []string{"fra", "iad"}[i%2], client.Options{Media: both})
	}
	m.done("mode", "obs", "observer")
	m.done("mode", "view", "viewer")
	m.done("lobby", "", true)
	m.must(m.act("ann", "hand", "", true))
	m.waits("gus")
	m.waits("hal")
	return m
}

func (m *matrix) enter(peer, pop string, o client.Options) {
	m.t.Helper()
	m.people[peer] = m.Join(pop, pop, m.options(peer, o))
}

func (m *matrix) options(peer string, o client.Options) client.Options {
	o.Room, o.Name, o.Peer, o.Video, o.Audio = "hall", peer, peer, 1, 1
	return o
}

// waits has somebody wait at iad, who says what they may not meanwhile.
func (m *matrix) waits(peer string, forged ...any) {
	waits, answer := make(chan struct{}), make(chan error, 1)
	go func() {
		o := m.options(peer, client.Options{Forged: forged, Waiting: func() { close(waits) }})
		_, err := m.knock("iad", "iad", o, time.Hour)
		answer <- err
	}()
	<-waits
	m.answers[peer] = answer
}

func (m *matrix) act(who, verb, peer string, value any) error {
	m.acts++
	return m.people[who].Act(m.t.Context(), fmt.Sprint("m", m.acts), verb, peer, value)
}

func (m *matrix) done(verb, peer string, value any) {
	m.t.Helper()
	if err := m.act("mod", verb, peer, value); err != nil {
		m.t.Fatalf("%s %s: %v", verb, peer, err)
	}
}

// facts are what everybody knows, but of one. Whatever was done before shows in
// them: they are taken when a message has come to all, which is in order with it.
func (m *matrix) facts(but string) string {
	m.t.Helper()
	m.acts++
	text := fmt.Sprint("so far ", m.acts)
	m.say("mod", text)
	var out strings.Builder
	for _, who := range slices.Sorted(maps.Keys(m.people)) {
		c := m.people[who]
		m.must(c.Until(m.t.Context(), "the message is there", func(s client.State) bool {
			return slices.ContainsFunc(s.Chat, func(c signal.Message) bool { return c.Text == text })
		}))
		s := c.State()
		delete(s.People, but)
		s.Lobby = slices.DeleteFunc(s.Lobby, func(g signal.Guest) bool { return g.Peer == but })
		b, err := json.Marshal([]any{who, s.People, s.Rules, s.Lobby, s.Asked, s.Reacted, s.Ended})
		m.must(err)
		fmt.Fprintf(&out, "%s\n", b)
	}
	return out.String()
}

// refuses has somebody ask for what is not theirs.
func (m *matrix) refuses(who string, verb rooms.Verb, r right) {
	m.t.Helper()
	before := m.facts("")
	if err := m.act(who, string(verb), r.peer, r.value); err == nil || !strings.Contains(err.Error(), "act: "+string(signal.NotAllowed)+": ") {
		m.t.Errorf("%s by %s: %v", verb, who, err)
	}
	if now := m.facts(""); now != before {
		m.t.Errorf("%s by %s: changed\n%sto\n%s", verb, who, before, now)
	}
}

// grants has somebody ask for what is theirs, and waits until all pages show it.
func (m *matrix) grants(who string, verb rooms.Verb, r right) {
	m.t.Helper()
	shown := func() error {
		for _, me := range slices.Sorted(maps.Keys(m.people)) {
			if !r.shows(m.people[me].State(), who, me) {
				return fmt.Errorf("%s knows %+v", me, m.people[me].State())
			}
		}
		return nil
	}
	if shown() == nil {
		m.t.Errorf("%s by %s: all pages show it before", verb, who)
	}
	told := m.people[r.peer]
	if r.ends != "" {
		delete(m.people, r.peer)
	}
	if err := m.act(who, string(verb), r.peer, r.value); err != nil && verb != "end" { // whose answer is the end
		m.t.Errorf("%s by %s: %v", verb, who, err)
	}
	m.Wait(fmt.Sprintf("all pages show %s by %s", verb, who), shown)
	if told != nil && r.ends != "" {
		m.ended(r.peer, told, r.ends)
	}
	if r.undo != nil {
		m.must(m.act(who, string(verb), r.peer, r.undo))
	}
}

// TestRights: every verb by everybody, through two nodes. What somebody may is
// acknowledged and shows at all pages; what they may not is refused, and nothing
// changes. Who waits is not even answered.
// Covers F-087.
func TestRights(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, rows := newMatrix(t), rights()
		if got, want := slices.Sorted(maps.Keys(rows)), rooms.Verbs(); !slices.Equal(got, want) {
			t.Fatalf("the matrix has %q, the room has %q", got, want)
		}
		verbs := slices.DeleteFunc(rooms.Verbs(), func(v rooms.Verb) bool { return v == "end" })
		verbs = append(verbs, "end") // after which there is nobody
		m.ignores("eve", verbs, rows)
		for _, who := range []string{"reg", "obs", "view", "mod"} {
			for _, verb := range verbs {
				if r := rows[verb]; who == "mod" || slices.Contains(r.also, who) {
					m.grants(who, verb, r)
				} else {
					m.refuses(who, verb, r)
				}
			}
		}
		if err := <-m.answers["gus"]; err != nil {
			t.Errorf("who was admitted: %v", err)
		}
		if refusal, ok := errors.AsType[*client.Refusal](<-m.answers["hal"]); !ok || refusal.Code != signal.Denied {
			t.Errorf("who was rejected: %+v", refusal)
		}
		for peer, c := range m.people {
			m.ended(peer, c, signal.RoomClosed)
		}
	})
}

// ignores has a guest say all acts while waiting. The client fails on whatever it
// hears there; nothing is done later either, when the guest is in.
func (m *matrix) ignores(guest string, verbs []rooms.Verb, rows map[rooms.Verb]right) {
	m.t.Helper()
	var forged []any
	for _, v := range verbs {
		forged = append(forged, client.Act("forged "+string(v), string(v), rows[v].peer, rows[v].value))
	}
	forged = append(forged, client.Act("forged self", "admit", guest, nil))
	before := m.facts(guest)
	m.waits(guest, forged...)
	if now := m.facts(guest); now != before {
		m.t.Errorf("a guest changed\n%sto\n%s", before, now)
	}
	select {
	case err := <-m.answers[guest]:
		m.t.Errorf("the guest is in, or out, by nobody's word: %v", err)
	default:
	}
	m.done("admit", guest, nil)
	m.must(<-m.answers[guest])
	if now := m.facts(guest); now != before {
		m.t.Errorf("a guest changed, once admitted,\n%sto\n%s", before, now)
	}
}
