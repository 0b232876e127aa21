package room

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/meridian-video/meridian/geo"
	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "rewrite the expected events in testdata")

var epoch0 = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func zeros() *bytes.Reader { return bytes.NewReader(make([]byte, 64)) }

func open(t interface{ Fatal(...any) }, home geo.NodeID) *Core {
	c, err := Open(Key{"acme", "demo"}, home, epoch0, zeros(), 30*time.Second, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Scripts: a block of commands, a line of dashes, the events they gave, an
// empty line. Lines with a sharp are comments. A copy follows all commands and
// must stay equal.
func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no scripts", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := newScript(t).run(string(text))
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if got != string(text) {
				t.Errorf("got:\n%s\nwant:\n%s", got, text)
			}
		})
	}
}

type script struct {
	t       *testing.T
	core    *Core
	copy    *Core
	now     time.Time
	tickets map[string]string
	saved   map[string]State
}

func newScript(t *testing.T) *script {
	c := open(t, "fra")
	return &script{t: t, core: c, copy: Restore(c.State(), c.personGrace, c.roomGrace), now: epoch0, tickets: map[string]string{}, saved: map[string]State{}}
}

func (s *script) run(text string) string {
	var out strings.Builder
	for block := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n\n") {
		commands, _, _ := strings.Cut(block, "\n----")
		out.WriteString(commands)
		var events strings.Builder
		for line := range strings.Lines(commands) {
			if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
				events.WriteString(s.do(line))
			}
		}
		out.WriteString("\n----\n" + events.String() + "\n")
	}
	return strings.TrimRight(out.String(), "\n") + "\n"
}

func (s *script) do(line string) string {
	words := strings.Fields(line)
	arg := map[string]string{}
	for _, w := range words[1:] {
		k, v, _ := strings.Cut(w, "=")
		arg[k] = v
	}
	b, out, err := s.command(words[0], arg)
	if err != nil {
		return fmt.Sprintf("error: %v\n", err)
	}
	if len(b.Events) > 0 {
		if err := b.validate(); err != nil {
			s.t.Errorf("%s: %v", line, err)
		}
		if err := s.copy.Apply(b); err != nil {
			s.t.Errorf("%s: copy: %v", line, err)
		}
	}
	if s.copy.State().Hash() != s.core.State().Hash() {
		s.t.Errorf("%s: copy differs", line)
	}
	for _, e := range b.Events {
		out += fmt.Sprintf("v%d %s\n", b.Version, describe(e))
	}
	return out
}

func (s *script) command(verb string, arg map[string]string) (b Batch, out string, err error) {
	c, att := s.core, arg["at"]
	switch verb {
	case "wait":
		d, err := time.ParseDuration(arg["for"])
		s.now = s.now.Add(d)
		return c.Tick(s.now), "", err
	case "join":
		b, err = c.Join(s.now, JoinCommand{
			PeerID: arg["peer"], Subject: arg["subject"], Name: arg["peer"], Role: cmp.Or(Role(arg["role"]), Regular), Node: geo.NodeID(arg["node"]), POP: arg["node"], Attachment: att,
			Claim: Stamp{Wall: number(arg["claim"])}, Capacity: int(number(arg["capacity"])), Ticket: s.tickets[arg["ticket"]],
			Owner: arg["owner"] == "yes", Mode: Mode(arg["mode"]), Lobby: arg["lobby"] == "yes", Rules: configuration(arg),
			Media: media(arg["on"]), Identities: identify(arg["peer"], strings.FieldsFunc(arg["by"], func(r rune) bool { return r == ',' })),
		})
		if t := c.Ticket(att, s.now); err == nil && t != "" {
			s.tickets[att] = t
		}
	case "leave":
		b, err = c.Leave(s.now, att, Reason(arg["reason"]))
	case "media":
		m := media(arg["on"])
		m.Mic, m.Camera = m.Mic || arg["mic"] == "on", m.Camera || arg["camera"] == "on"
		p, _ := c.s.at(att)
		known := p.Hushed
		if arg["knows"] == "nothing" {
			known = Hushed{}
		}
		b, err = c.Set(att, p.Name, m, tracksOf(att, m), known)
	case "rename":
		b, err = c.Rename(att, arg["name"])
	case "chat":
		b, err = c.Chat(s.now, att, arg["id"], arg["text"])
	case "act":
		b, err = c.Act(s.now, att, Stamp{Wall: number(arg["set"])}, Act{Verb: Verb(arg["verb"]), Peer: arg["peer"], Value: []byte(arg["value"])})
	case "node-lost":
		b = c.NodeLost(s.now, geo.NodeID(arg["node"]))
	case "node-back":
		b = c.NodeBack(s.now, geo.NodeID(arg["node"]), s.people(arg["mine"]), nil)
	case "rotate":
		b = c.Rotate([32]byte{1})
	case "takeover":
		c.Takeover(geo.NodeID(arg["node"]), Epoch{Provisional: uint64(number(arg["above"]))})
		s.copy = Restore(c.State(), c.personGrace, c.roomGrace)
		out = fmt.Sprintf("epoch %v\n", c.s.Epoch)
	case "save":
		s.saved[arg["as"]] = c.State()
	case "switch": // go on with a saved state, as the other half of a partition
		s.core = Restore(s.saved[arg["to"]], c.personGrace, c.roomGrace)
		s.copy = Restore(s.saved[arg["to"]], c.personGrace, c.roomGrace)
	case "merge":
		b = c.Merge(s.now, s.saved[arg["with"]], arg["live"] == "yes", nil)
	case "show":
		out = s.show()
	default:
		err = fmt.Errorf("no such command %q", verb)
	}
	return b, out, err
}

// people are written as peer/attachment/claim with commas between.
func (s *script) people(list string) []Person {
	var out []Person
	for item := range strings.SplitSeq(list, ",") {
		if f := strings.Split(item, "/"); len(f) == 3 {
			p := Person{PeerID: f[0], Name: f[0], Role: Regular, Mode: SpeakerMode, Identities: identify(f[0], nil), Attachment: f[1], Claim: Stamp{Wall: number(f[2])}, State: Present, JoinedAt: instant(s.now)}
			out = append(out, p)
		}
	}
	return out
}

func (s *script) show() string {
	var out strings.Builder
	snap := s.core.Snapshot()
	fmt.Fprintf(&out, "version %d over=%v", snap.Version, s.core.Over(s.now))
	out.WriteString(broken(snap.Rules) + "\n")
	for _, p := range snap.People {
		fmt.Fprintf(&out, "  %s\n", show(p))
	}
	for _, g := range snap.Lobby {
		fmt.Fprintf(&out, "  waits %s %s@%s\n", g.PeerID, g.Attachment, g.Node)
	}
	for _, m := range snap.Chat {
		fmt.Fprintf(&out, "  %d %s: %s\n", m.Seq, m.Name, m.Text)
	}
	return out.String()
}

func number(s string) int64 {
	n, _ := strconv.ParseInt(s, 10, 64)
	return n
}

func show(p Person) string {
	s := fmt.Sprintf("#%d %s(%s) %s@%s %s", p.Ordinal, p.PeerID, p.Name, p.Attachment, p.Node, p.State)
	switch {
	case p.Owner:
		s += " owner"
	case p.Role == Moderator:
		s += " moderator"
	}
	if p.Mode != SpeakerMode {
		s += " " + string(p.Mode)
	}
	if !p.Hand.IsZero() {
		s += " hand"
	}
	if p.Media.Mic {
		s += " mic"
	}
	if p.Media.Camera {
		s += " camera"
	}
	if p.Media.Share {
		s += " share"
	}
	if len(p.Tracks) > 0 {
		s += fmt.Sprint(" ", slices.Sorted(maps.Keys(p.Tracks)))
	}
	return s
}

// media are sources with commas between.
func media(list string) (m Media) {
	for source := range strings.SplitSeq(list, ",") {
		on := Source(source).media()
		m = Media{m.Mic || on.Mic, m.Camera || on.Camera, m.Share || on.Share, m.ShareAudio || on.ShareAudio}
	}
	return m
}

// tracksOf is what somebody publishes who had the microphone on before.
func tracksOf(attachment string, m Media) map[string]string {
	tracks := map[string]string{}
	for _, kind := range []string{"mic", "camera", "camera2", "share", "share_audio"} {
		if m != (Media{}) && m.carries(kind) {
			tracks[kind] = attachment + "." + kind
		}
	}
	return tracks
}

// configuration is the room's, nil without any.
func configuration(arg map[string]string) *Rules {
	r := DefaultRules()
	r.Lobby.Value, r.Mute.Value = arg["room-lobby"] == "yes", cmp.Or(MuteMode(arg["room-mute"]), Free)
	r.Bitrate.Value = int(number(arg["room-bitrate"]))
	if r == DefaultRules() {
		return nil
	}
	return &r
}

// broken are the rules that are not the default.
func broken(r Rules) string {
	var out strings.Builder
	d := DefaultRules()
	for _, x := range []struct {
		name       string
		is, normal any
	}{
		{"locked", r.Locked.Value, d.Locked.Value}, {"lobby", r.Lobby.Value, d.Lobby.Value}, {"mute", r.Mute.Value, d.Mute.Value},
		{"share", r.Share.Value, d.Share.Value}, {"chat", r.Chat.Value, d.Chat.Value}, {"hands", r.Hands.Value, d.Hands.Value},
		{"bitrate", r.Bitrate.Value, d.Bitrate.Value}, {"stage", r.Stage.Value, d.Stage.Value},
	} {
		if x.is != x.normal {
			fmt.Fprintf(&out, " %s=%v", x.name, x.is)
		}
	}
	return out.String()
}

func describe(e Event) string {
	switch e.Kind {
	case EventJoin, EventPerson:
		return string(e.Kind) + " " + show(*e.Person)
	case EventLeave:
		return fmt.Sprintf("leave %s %s %s", e.PeerID, e.Attachment, e.Reason)
	case EventChat:
		return fmt.Sprintf("chat %d %s: %s", e.Message.Seq, e.Message.Name, e.Message.Text)
	case EventRules:
		return fmt.Sprintf("rules%s", broken(*e.Rules))
	case EventWait:
		return fmt.Sprintf("wait %s %s@%s", e.Person.PeerID, e.Person.Attachment, e.Person.Node)
	case EventWent:
		return strings.TrimSpace(fmt.Sprintf("went %s %s %s", e.PeerID, e.Attachment, e.Reason))
	case EventAsk, EventReaction:
		return fmt.Sprintf("%s %s %s", e.Kind, e.PeerID, e.Text)
	case eventVerdict:
		return fmt.Sprintf("verdict blocked=%v role=%s mode=%s set=%d", e.Verdict.Blocked, e.Verdict.Role, e.Verdict.Mode, e.Verdict.Set.Wall)
	case eventActed:
		return fmt.Sprintf("acted %s set=%d", e.PeerID, e.Set.Wall)
	case eventOver:
		return "over"
	case eventLog:
		out := "log"
		for _, m := range e.Log {
			out += fmt.Sprintf(" %d:%s", m.Seq, m.Text)
		}
		return out
	case eventMeta:
		return fmt.Sprintf("meta secrets=%d capacity=%d base=%d@%s", len(e.Meta.Secrets), e.Meta.Capacity, e.Meta.Base.Version, e.Meta.Base.Epoch.Node)
	}
	return "?"
}

func TestChatRing(t *testing.T) {
	c := open(t, "fra")
	join(t, c, "ann", "a1", 1)
	for i := range 250 {
		if _, err := c.Chat(epoch0, "a1", fmt.Sprint("m", i), fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
	}
	s := c.Snapshot()
	if len(s.Chat) != ChatKept || s.Chat[0].Seq != 51 || s.Chat[ChatKept-1].Seq != 250 {
		t.Errorf("%d kept, first %d", len(s.Chat), s.Chat[0].Seq)
	}
	for i := range ChatKept {
		if _, err := c.Chat(epoch0, "a1", fmt.Sprint("big", i), strings.Repeat("<", MaxChatText)); err != nil {
			t.Fatal(err)
		}
	}
	body := encode(Key{"acme", "demo"}, &stateMsg{State: c.State()})
	if len(body) > maxBody {
		t.Errorf("state of %d bytes does not fit a message", len(body))
	}
	if _, err := c.Chat(epoch0, "a1", "over", strings.Repeat("x", MaxChatText+1)); !errors.Is(err, ErrChatTooLong) {
		t.Error(err)
	}
}

func join(t interface{ Fatal(...any) }, c *Core, peer, attachment string, claim int64) {
	_, err := c.Join(epoch0, JoinCommand{PeerID: peer, Name: peer, Role: Regular, Node: "fra", Attachment: attachment, Claim: Stamp{Wall: claim}})
	if err != nil {
		t.Fatal(err)
	}
}

func TestBounds(t *testing.T) {
	c := open(t, "fra")
	long := strings.Repeat("ж", MaxName)
	join(t, c, "ann", "a1", 1)
	if _, err := c.Rename("a1", long); err != nil {
		t.Error(err)
	}
	tracks := map[string]string{}
	for i := range MaxTracks + 1 {
		tracks[fmt.Sprint(i)] = "t"
	}
	for name, f := range map[string]func() error{
		"name":   func() error { _, err := c.Rename("a1", long+"x"); return err },
		"utf-8":  func() error { _, err := c.Rename("a1", "\xff"); return err },
		"tracks": func() error { _, err := c.SetMedia("a1", Media{}, tracks); return err },
		"empty":  func() error { _, err := c.Chat(epoch0, "a1", "m", ""); return err },
		"reason": func() error { _, err := c.Leave(epoch0, "a1", "bored"); return err },
		"role": func() error {
			_, err := c.Join(epoch0, JoinCommand{PeerID: "x", Attachment: "y", Role: "king"})
			return err
		},
		"no peer": func() error { _, err := c.Join(epoch0, JoinCommand{Attachment: "y", Role: Regular}); return err },
		"same conn": func() error {
			_, err := c.Join(epoch0, JoinCommand{PeerID: "z", Attachment: "a1", Role: Regular})
			return err
		},
	} {
		if err := f(); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTicketsAreBound(t *testing.T) {
	c := open(t, "fra")
	join(t, c, "ann", "a1", 1)
	ticket := c.Ticket("a1", epoch0)
	other, err := Open(Key{"acme", "other"}, "fra", epoch0, zeros(), time.Second, time.Second) // same secret
	if err != nil {
		t.Fatal(err)
	}
	for name, bad := range map[string]string{
		"other room": ticket, "empty": ".", "cut": ticket[:len(ticket)-2], "no dot": strings.ReplaceAll(ticket, ".", ""),
		"swapped": ticket[strings.Index(ticket, ".")+1:] + "." + ticket[:strings.Index(ticket, ".")], "long": strings.Repeat("a", maxTicket+1),
	} {
		if _, err := other.Join(epoch0, JoinCommand{Attachment: "b", Role: Regular, Ticket: bad}); !errors.Is(err, ErrResumeInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for range secretsKept {
		if _, err := c.s.openTicket(ticket); err != nil {
			t.Error("rotated too early")
		}
		c.Rotate([32]byte{byte(c.s.Version)})
	}
	if _, err := c.s.openTicket(ticket); !errors.Is(err, ErrResumeInvalid) {
		t.Error("still valid after every secret has gone", err)
	}
}

// Whatever is asked in whatever order: the copy equals the home, a peer id is
// there once, every presence has one end, capacity holds, nobody has on what they
// may not, nobody blocked is there, and a later rule does not give way to an
// earlier.
func TestProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		home := open(t, "fra")
		copy := Restore(home.State(), home.personGrace, home.roomGrace)
		now, present, serial := epoch0, map[string]string{}, 0
		var attachments, tickets []string
		pick := func(list []string) string {
			if len(list) == 0 {
				return "none"
			}
			return rapid.SampledFrom(list).Draw(t, "one")
		}
		nodes := rapid.SampledFrom([]geo.NodeID{"fra", "iad", "syd"})
		peers := rapid.SampledFrom([]string{"ann", "bob", "cid", "dan", "eve"})
		const capacity = 3
		var latest Stamp
		steps := rapid.IntRange(1, 60).Draw(t, "steps")
		for range steps {
			var b Batch
			reassert := false
			now = now.Add(time.Duration(rapid.IntRange(0, 20_000).Draw(t, "ms")) * time.Millisecond)
			switch rapid.IntRange(0, 11).Draw(t, "verb") {
			case 0, 1:
				serial++
				j := JoinCommand{PeerID: peers.Draw(t, "peer"), Name: "n", Role: rapid.SampledFrom([]Role{Regular, Moderator}).Draw(t, "role"), Node: nodes.Draw(t, "node"), Attachment: fmt.Sprint("a", serial), Capacity: capacity,
					Claim: Stamp{Wall: rapid.Int64Range(1, 50).Draw(t, "claim")}}
				if rapid.Bool().Draw(t, "resume") && len(tickets) > 0 {
					j.Ticket = pick(tickets)
				}
				b, _ = home.Join(now, j)
				if ticket := home.Ticket(j.Attachment, now); ticket != "" {
					attachments, tickets = append(attachments, j.Attachment), append(tickets, ticket)
				}
			case 2:
				b, _ = home.Leave(now, pick(attachments), rapid.SampledFrom([]Reason{Left, Kicked, Lost}).Draw(t, "reason"))
			case 3:
				on := Media{Mic: rapid.Bool().Draw(t, "mic"), Share: rapid.Bool().Draw(t, "share")}
				b, _ = home.Set(pick(attachments), "n", on, nil, Hushed{Mic: Stamp{Wall: rapid.Int64Range(0, 50).Draw(t, "known")}})
			case 4:
				b, _ = home.Chat(now, pick(attachments), fmt.Sprint("m", rapid.IntRange(0, 99).Draw(t, "id")), "x")
			case 5:
				b = home.NodeLost(now, nodes.Draw(t, "node"))
			case 6:
				var mine []Person
				node := nodes.Draw(t, "node")
				for _, p := range home.s.People {
					if p.Node == node && rapid.Bool().Draw(t, "there") {
						mine = append(mine, p)
					}
				}
				reassert = true
				b = home.NodeBack(now, node, mine, nil)
			case 7:
				b = home.Tick(now)
			case 8:
				other := Restore(home.State(), home.personGrace, home.roomGrace)
				other.Takeover("gru", Epoch{})
				serial++
				_, _ = other.Join(now, JoinCommand{PeerID: peers.Draw(t, "peer"), Name: "n", Role: Regular, Node: "gru", Attachment: fmt.Sprint("a", serial), Claim: Stamp{Wall: rapid.Int64Range(1, 50).Draw(t, "claim")}})
				_, _ = other.Leave(now, pick(attachments), Left)
				_, _ = other.Act(now, pick(attachments), Stamp{Wall: rapid.Int64Range(1, 50).Draw(t, "set")}, anyAct(t, peers))
				attachments = append(attachments, fmt.Sprint("a", serial))
				reassert = true
				b = home.Merge(now, other.State(), true, nil)
			default:
				b, _ = home.Act(now, pick(attachments), Stamp{Wall: rapid.Int64Range(1, 50).Draw(t, "set")}, anyAct(t, peers))
			}
			if set := home.s.Rules.latest(); set.Compare(latest) < 0 {
				t.Fatalf("a rule of %v gave way to one of %v", latest, set)
			}
			latest = home.s.Rules.latest()
			for _, p := range home.s.People {
				if p.Media.and(home.s.Rules.may(p).not()) != (Media{}) {
					t.Fatalf("%s has on %+v, by %+v", show(p), p.Media, home.s.Rules)
				}
				if home.s.verdict(p.Identities).Blocked && !p.Owner {
					t.Fatalf("%s is blocked", show(p))
				}
				if g, ok := home.s.guest(p.Attachment); ok {
					t.Fatalf("%s waits and is there", show(g))
				}
			}
			if err := b.validate(); err != nil {
				t.Fatal(err)
			}
			if len(b.Events) > 0 {
				if err := copy.Apply(b); err != nil {
					t.Fatal(err)
				}
			}
			for _, e := range b.Events {
				switch e.Kind {
				case EventJoin:
					if _, ok := present[e.Person.PeerID]; ok {
						t.Fatalf("%s joined while present", e.Person.PeerID)
					}
					present[e.Person.PeerID] = e.Person.Attachment
				case EventPerson:
					if _, ok := present[e.Person.PeerID]; !ok {
						t.Fatalf("%s changed while absent", e.Person.PeerID)
					}
					present[e.Person.PeerID] = e.Person.Attachment
				case EventLeave:
					if present[e.PeerID] != e.Attachment {
						t.Fatalf("%s left with %s, present with %s", e.PeerID, e.Attachment, present[e.PeerID])
					}
					delete(present, e.PeerID)
				}
			}
			if len(present) != len(home.s.People) {
				t.Fatalf("events say %v, state %v", present, home.s.People)
			}
			if !reassert && b.Version > 0 && len(b.Events) > 0 && b.Events[len(b.Events)-1].Kind == EventJoin && len(present) > max(capacity, len(present)-1) {
				t.Fatalf("%d present", len(present))
			}
			if home.State().Hash() != copy.State().Hash() {
				t.Fatal("copy differs")
			}
			if err := home.State().validate(); err != nil {
				t.Fatal(err)
			}
			ordinals := map[uint64]bool{}
			for _, p := range home.Snapshot().People {
				if ordinals[p.Ordinal] {
					t.Fatal("ordinal given twice")
				}
				ordinals[p.Ordinal] = true
			}
			if !slices.IsSortedFunc(home.s.Chat, func(a, b Message) int { return int(a.Seq) - int(b.Seq) }) {
				t.Fatal("chat out of order")
			}
		}
	})
}

func anyAct(t *rapid.T, peers *rapid.Generator[string]) Act {
	values := map[Verb][]string{
		"mute": {`"mic"`, `"share"`}, "ask": {`"mic"`}, "role": {`"regular"`, `"moderator"`}, "mode": {`"viewer"`, `"observer"`, `"speaker"`},
		"mute_mode": {`"free"`, `"quiet"`, `"lecture"`}, "bitrate": {"0", "-1", "29999", "300000", "100000001"}, "stage": {`{"on":true}`, "3"},
		"react": {`"+"`}, "kick": {""}, "block": {""}, "admit": {""}, "reject": {""}, "lower": {""}, "end": {""},
	}
	verb := rapid.SampledFrom(slices.Sorted(maps.Keys(verbs))).Draw(t, "act")
	list := values[verb]
	switch {
	case list == nil && verbs[verb].value(json.RawMessage("true")) == nil:
		list = []string{"true", "false"}
	case list == nil:
		list = []string{`"all"`, `"moderators"`, `"nobody"`}
	}
	a := Act{Verb: verb, Value: json.RawMessage(rapid.SampledFrom(list).Draw(t, "value"))}
	if verbs[verb].about != room && (verbs[verb].about == one || rapid.Bool().Draw(t, "one")) {
		a.Peer = peers.Draw(t, "about")
	}
	return a
}

func TestLeftoverOfAnotherSessionIsNotMerged(t *testing.T) {
	a, err := Open(Key{"acme", "demo"}, "fra", epoch0, bytes.NewReader(bytes.Repeat([]byte{7}, 64)), time.Second, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	b := open(t, "iad")
	join(t, a, "ann", "a1", 1)
	join(t, b, "bob", "b1", 1)
	if _, err := b.Chat(epoch0, "b1", "m1", "of yesterday"); err != nil {
		t.Fatal(err)
	}
	if batch := a.Merge(epoch0, b.State(), false, nil); len(batch.Events) > 0 {
		t.Error("took", batch.Events)
	}
	ticket := b.Ticket("b1", epoch0)
	a.Merge(epoch0, b.State(), true, nil)
	if s := a.Snapshot(); len(s.People) != 2 || len(s.Chat) != 1 {
		t.Errorf("two live halves did not merge: %+v", s)
	}
	if _, err := a.Join(epoch0, JoinCommand{Attachment: "b2", Node: "fra", Ticket: ticket}); err != nil {
		t.Error("ticket of the other half:", err)
	}
}

func TestClock(t *testing.T) {
	now := epoch0
	h := &hlc{self: "fra", now: func() time.Time { return now }}
	a := h.read()
	b := h.read()
	h.observe(Stamp{Wall: now.Add(400 * time.Millisecond).UnixMilli(), Count: 3, Node: "iad"})
	c := h.read()
	h.observe(Stamp{Wall: now.Add(time.Hour).UnixMilli(), Node: "mad"})
	d := h.read()
	if !b.After(a) || !c.After(b) || c.Wall != now.Add(400*time.Millisecond).UnixMilli() || d.Wall != c.Wall || !d.After(c) {
		t.Error(a, b, c, d)
	}
}

// The subject is the person's for good, whatever a later join says, and survives
// the wire, a ticket and a takeover.
func TestASubjectGoesWithThePerson(t *testing.T) {
	c := open(t, "fra")
	join := JoinCommand{PeerID: "ann", Subject: "u-1", Name: "Ann", Role: Regular, Node: "fra", Attachment: "a1", Claim: Stamp{Wall: 1}}
	if _, err := c.Join(epoch0, join); err != nil {
		t.Fatal(err)
	}
	ticket := c.Ticket("a1", epoch0)
	check := func(attachment string, c *Core) {
		t.Helper()
		if p := c.s.People["ann"]; p.Subject != "u-1" || p.Attachment != attachment {
			t.Errorf("%s is %+v", attachment, p)
		}
	}
	resume := func(attachment string, wall int64) {
		t.Helper()
		j := JoinCommand{Subject: "u-2", Role: Regular, Node: "iad", Attachment: attachment, Claim: Stamp{Wall: wall}, Ticket: ticket}
		if _, err := c.Join(epoch0, j); err != nil {
			t.Fatal(err)
		}
		check(attachment, c)
	}
	resume("a2", 2)
	if _, err := c.Leave(epoch0, "a2", Lost); err != nil {
		t.Fatal(err)
	}
	resume("a3", 3)
	sent := stateMsg{State: c.State()}
	var got stateMsg
	if err := decode(encode(Key{"acme", "demo"}, &sent), &got); err != nil {
		t.Fatal(err)
	}
	check("a3", Restore(got.State, time.Second, time.Second))
	for _, bad := range []string{strings.Repeat("x", maxSubject+1), "\xff"} {
		join.PeerID, join.Attachment, join.Subject = "bob", "b1", bad
		if _, err := c.Join(epoch0, join); !errors.Is(err, ErrInvalid) || join.valid() {
			t.Errorf("%q is taken: %v", bad, err)
		}
	}
}

// Who is kicked does not come back by what one visit was given, and does by
// another; what serves more than a visit goes on serving.
func TestAKickEndsTheTokenOfAVisit(t *testing.T) {
	for _, c := range []struct {
		name        string
		came, again Proof
		want        error
	}{
		{"the same session", Proof{Token: "s1", Visit: true}, Proof{Token: "s1", Visit: true}, ErrBlocked},
		{"another session", Proof{Token: "s1", Visit: true}, Proof{Token: "s2", Visit: true}, nil},
		{"a join token", Proof{Token: "j1"}, Proof{Token: "j1"}, nil},
		{"no token", Proof{}, Proof{}, nil},
	} {
		for _, how := range []string{"there", "taken over", "met"} {
			home := open(t, "fra")
			ask := func(home *Core, peer, at string, wall int64, role Role, p Proof) error {
				_, err := home.Join(epoch0, JoinCommand{PeerID: peer, Role: role, Node: "fra", Attachment: at, Claim: Stamp{Wall: wall}, Proof: p})
				return err
			}
			if err := errors.Join(ask(home, "mod", "m1", 1, Moderator, Proof{}), ask(home, "ann", "a1", 2, Regular, c.came)); err != nil {
				t.Fatal(err)
			}
			half := Restore(home.State(), home.personGrace, home.roomGrace)
			if _, err := home.Act(epoch0, "m1", Stamp{Wall: 9}, Act{Verb: "kick", Peer: "ann"}); err != nil {
				t.Fatal(err)
			}
			switch how {
			case "taken over":
				home = Restore(home.State(), home.personGrace, home.roomGrace)
				home.Takeover("iad", Epoch{Provisional: 7})
			case "met":
				half.Merge(epoch0, home.State(), true, nil)
				home = half
			}
			if _, there := home.s.People["ann"]; there {
				t.Errorf("%s, %s: is still there", c.name, how)
			}
			if err := ask(home, "ann", "a2", 99, Regular, c.again); !errors.Is(err, c.want) {
				t.Errorf("%s, %s: %v, want %v", c.name, how, err, c.want)
			}
			if err := ask(home, "bob", "b1", 99, Regular, Proof{Token: "s3", Visit: true}); err != nil {
				t.Errorf("somebody else, %s: %v", how, err)
			}
		}
	}
}

// A kick counts also where no more blocks are remembered.
func TestAKickNeedsNoRoomForItsToken(t *testing.T) {
	c := open(t, "fra")
	for i := range maxVerdicts {
		c.s.Verdicts = append(c.s.Verdicts, Verdict{Who: identify(fmt.Sprint(i), nil), Blocked: true})
	}
	for i, role := range []Role{Moderator, Regular} {
		j := JoinCommand{PeerID: string(role), Role: role, Node: "fra", Attachment: string(role), Claim: Stamp{Wall: int64(i)}, Proof: Proof{Token: "s", Visit: true}}
		if _, err := c.Join(epoch0, j); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.Act(epoch0, "moderator", Stamp{Wall: 9}, Act{Verb: "kick", Peer: "regular"}); err != nil || len(c.s.People) != 1 || len(c.s.Verdicts) != maxVerdicts {
		t.Errorf("%d people, %d verdicts: %v", len(c.s.People), len(c.s.Verdicts), err)
	}
}

func TestAProofGoesWithThePerson(t *testing.T) {
	proof := Proof{Token: "t", IDs: []string{"j1", "j0"}, Key: "k"}
	c := open(t, "fra")
	join := JoinCommand{PeerID: "ann", Name: "Ann", Role: Regular, Node: "fra", Attachment: "a1", Claim: Stamp{Wall: 1}, Proof: proof}
	if _, err := c.Join(epoch0, join); err != nil {
		t.Fatal(err)
	}
	ticket := c.Ticket("a1", epoch0)
	resume := func(attachment string, wall int64) {
		t.Helper()
		j := JoinCommand{Role: Regular, Node: "iad", Attachment: attachment, Claim: Stamp{Wall: wall}, Ticket: ticket, Proof: Proof{Token: "another"}}
		if _, err := c.Join(epoch0, j); err != nil {
			t.Fatal(err)
		}
		if p := c.s.People["ann"]; !p.Proof.equal(proof) {
			t.Errorf("%s has %+v", attachment, p.Proof)
		}
	}
	resume("a2", 2)
	if _, err := c.Leave(epoch0, "a2", Lost); err != nil {
		t.Fatal(err)
	}
	resume("a3", 3)
	long := make([]string, maxProofIDs+1)
	for _, bad := range []Proof{{Token: strings.Repeat("x", maxProofID+1)}, {IDs: long}, {IDs: []string{"\xff"}}, {Key: strings.Repeat("x", maxProofID+1)}} {
		join.PeerID, join.Attachment, join.Proof = "bob", "b1", bad
		if _, err := c.Join(epoch0, join); !errors.Is(err, ErrInvalid) {
			t.Errorf("%+v is taken: %v", bad, err)
		}
	}
}
