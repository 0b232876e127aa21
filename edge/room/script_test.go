package room

import (
	"cmp"
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
)

var update = flag.Bool("update", false, "rewrite the expected events in testdata")

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
			Claim: Stamp{Wall: number(arg["claim"])}, Kind: RoomKind(arg["kind"]), Capacity: int(number(arg["capacity"])), Ticket: s.tickets[arg["ticket"]],
			Owner: arg["owner"] == "yes", Mode: Mode(arg["mode"]), Lobby: arg["lobby"] == "yes", Rules: configuration(arg), Player: Player(arg["player"]), Meeting: s.meeting(arg),
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
	case "away":
		b, err = c.Away(s.now, att)
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
	for i, h := range []Hush{p.Hushed.Mic, p.Hushed.Camera, p.Hushed.Share} {
		if h != (Hush{}) {
			s += fmt.Sprintf(" %s-hushed-by-%s", []Source{Mic, Camera, Share}[i], cmp.Or(h.By, "rules"))
		}
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
	if r == DefaultRules() && arg["ends-in"] == "" && arg["room-mute"] == "" {
		return nil
	}
	return &r
}

// meeting is the one that began last in the room, which is planned to end in a
// while or has ended; nil without any.
func (s *script) meeting(arg map[string]string) *Meeting {
	ends, err := time.ParseDuration(arg["ends-in"])
	if err != nil {
		return nil
	}
	return &Meeting{Ends: s.now.Add(ends), Mute: MuteMode(arg["meeting-mute"])}
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
		{"bitrate", r.Bitrate.Value, d.Bitrate.Value}, {"stage", r.Stage.Value, d.Stage.Value}, {"player", r.Player.Value, d.Player.Value},
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
		return strings.TrimSpace(fmt.Sprintf("leave %s %s %s %s", e.PeerID, e.Attachment, e.Reason, e.By))
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
		return fmt.Sprintf("meta secrets=%d%s base=%d@%s", len(e.Meta.Secrets), places(*e.Meta), e.Meta.Base.Version, e.Meta.Base.Epoch.Node)
	}
	return "?"
}

// places are the places of a room, and of which part.
func places(m Meta) string {
	if m.Kind == Webinar {
		return fmt.Sprintf(" speakers=%d viewers=%d", m.Places.Speakers, m.Places.Viewers)
	}
	return fmt.Sprintf(" capacity=%d", m.Places.Call)
}
