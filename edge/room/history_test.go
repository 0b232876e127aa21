package room

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/meridian-video/meridian/control/history/record"
	"github.com/meridian-video/meridian/geo"
)

// Scripts like those of the core, with the records that a home makes below.
func TestHistoryScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/history/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no scripts", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			h := &historyScript{script: newScript(t), names: map[string]string{}}
			got := h.play(string(text))
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

type historyScript struct {
	*script
	names map[string]string // of sessions and presences, short
}

func (h *historyScript) play(text string) string {
	var out strings.Builder
	for block := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n\n") {
		commands, _, _ := strings.Cut(block, "\n----")
		out.WriteString(commands + "\n----\n")
		for line := range strings.Lines(commands) {
			if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
				for _, r := range h.tell(line) {
					out.WriteString(h.describe(r) + "\n")
				}
			}
		}
		out.WriteString("\n")
	}
	return strings.TrimRight(out.String(), "\n") + "\n"
}

// tell does a command and returns what is recorded of it.
func (h *historyScript) tell(line string) []record.Record {
	words := strings.Fields(line)
	arg := map[string]string{}
	for _, w := range words[1:] {
		k, v, _ := strings.Cut(w, "=")
		arg[k] = v
	}
	c := chronicle{node: h.core.s.Epoch.Node, pop: string(h.core.s.Epoch.Node), kind: record.Call}
	switch words[0] {
	case "tick":
		return c.tick(&h.core.s, record.TickAt(h.now))
	case "over":
		return c.closed(&h.core.s, h.now, RoomClosed)
	case "joint":
		other := h.saved[arg["with"]]
		return c.closed(&other, h.now, RoomClosed)
	case "session":
		h.core = open(h.t, geo.NodeID(arg["node"]))
		h.core.s.Session = arg["id"]
		return nil
	}
	b, _, err := h.command(words[0], arg)
	if words[0] == "takeover" {
		c.node = h.core.s.Epoch.Node
		return c.takeover(&h.core.s)
	}
	if err != nil && !errors.Is(err, ErrNoAttachment) {
		h.t.Fatalf("%s: %v", line, err)
	}
	told := c.batch(&h.core.s, b)
	if words[0] == "merge" {
		told = append(told, c.overtaken(&h.core.s, h.core.overtaken(h.saved[arg["with"]]), h.now)...)
	}
	return told
}

// name gives ids short names in the order in which they come.
func (h *historyScript) name(kind, id string) string {
	if h.names[id] == "" {
		h.names[kind] += "i"
		h.names[id] = fmt.Sprintf("%s%d", kind, len(h.names[kind]))
	}
	return h.names[id]
}

func (h *historyScript) describe(r record.Record) string {
	if err := record.Check(r); err != nil {
		h.t.Errorf("%s: %v", r.ID(), err)
	}
	head := func(l record.Live) string {
		return fmt.Sprintf("%s %s %s", l.At.Format("15:04:05.000"), h.name("S", l.Session), r.Kind())
	}
	switch r := r.(type) {
	case *record.Opened:
		return fmt.Sprintf("%s %s@%s", head(r.Live), r.RoomKind, r.Node)
	case *record.Joined:
		text := fmt.Sprintf("%s %s %s@%s %s", head(r.Live), h.name("P", r.Presence), r.Peer, r.Node, r.Role)
		if r.Mode != record.Speaker {
			text += " " + string(r.Mode)
		}
		if r.Person != "" {
			text += " person=" + r.Person
		}
		return text
	case *record.Left:
		return fmt.Sprintf("%s %s %s %s", head(r.Live), h.name("P", r.Presence), r.Peer, r.Reason)
	case *record.Tick:
		return fmt.Sprintf("%s %s %s", head(r.Live), h.name("P", r.Presence), r.Peer)
	case *record.Chat:
		return fmt.Sprintf("%s %s %d %s: %s", head(r.Live), r.Message, r.Seq, r.Peer, r.Text)
	case *record.Closed:
		return head(r.Live)
	}
	return "?"
}

// TestHomeKilledInMidSession: the records of all nodes together, also without
// the disk of the dead one, give each presence one end.
func TestHomeKilledInMidSession(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := newNetwork(t, wan, "fra", "iad", "syd")
		order := n.rank()
		n.enter(order[0], "ann")
		bob, _ := n.enter(order[1], "bob")
		settle(40 * time.Second)
		cid, _ := n.enter(order[2], "cid")
		dan, _ := n.enter(order[2], "dan")
		n.say(cid, "before")
		dan.Leave(Kicked)
		settle(100 * time.Millisecond)
		n.kill(order[0], time.Second)
		settle(40 * time.Second)
		n.say(cid, "after")
		check(t, "while it runs", ends(n.books.all()), "ann:lost bob:there cid:there dan:kicked")
		bob.Leave(Left)
		cid.Leave(Blocked)
		settle(61 * time.Second)
		complete(t, n.books.all())
		orderly(t, n.books.all())
		check(t, "all", ends(n.books.all()), "ann:lost bob:left cid:blocked dan:kicked")
		rest := n.books.all(order[0])
		check(t, "without the dead one's, who alone knew dan's beginning", ends(rest), "dan:kicked ann:lost bob:left cid:blocked")
		for _, s := range fold(rest) {
			check(t, "messages", len(s.chat), 2)
			check(t, "closed", s.closed.IsZero(), false)
		}
		check(t, "sessions", len(fold(rest)), 1)
		want := fmt.Sprintf("placed %s@1, placed %s@2, over %s@2", order[0], order[1], order[1])
		check(t, "placements", n.books.placements(), want)
	})
}

func TestWhoWasLostAndComesBackIsANewPresence(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := newNetwork(t, wan, "fra", "iad", "syd")
		order := n.rank()
		ann, _ := n.enter(order[0], "ann")
		bob, _ := n.enter(order[2], "bob")
		n.cut(order[0], order[2])
		n.cut(order[1], order[2])
		settle(40 * time.Second)
		n.heal(order[0], order[2])
		n.heal(order[1], order[2])
		settle(5 * time.Second)
		check(t, "ends", ends(n.books.all()), "ann:there bob:lost bob:there")
		bob.Leave(Left)
		ann.Leave(Left)
		settle(61 * time.Second)
		check(t, "ends", ends(n.books.all()), "ann:left bob:lost bob:left")
		complete(t, n.books.all())
		orderly(t, n.books.all())
	})
}

// TestHalvesThatAreJoinedEndWhoWasOvertaken: somebody who came to both halves is
// one presence each, of which the newer goes on, whichever half gives way.
func TestHalvesThatAreJoinedEndWhoWasOvertaken(t *testing.T) {
	for name, first := range map[string]int{"the half that gives way was first": 2, "the half that stays was first": 3} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				n := newNetwork(t, wan, "fra", "iad", "syd", "gru")
				order := n.rank()
				ann, _ := n.enter(order[0], "ann")
				bob, _ := n.enter(order[1], "bob")
				split := func(change func(a, b geo.NodeID)) {
					for _, pair := range [][2]int{{0, 1}, {0, 3}, {2, 1}, {2, 3}} {
						change(order[pair[0]], order[pair[1]])
					}
				}
				split(n.cut)
				west, east := []geo.NodeID{order[0], order[2]}, []geo.NodeID{order[1], order[3]}
				settle(3 * time.Second)
				n.believe(west, west)
				n.believe(east, east)
				settle(3 * time.Second)
				_, old := n.enter(order[first], "cid")
				settle(5 * time.Second)
				cid, _ := n.enter(order[5-first], "cid")
				settle(5 * time.Second)
				split(n.heal)
				n.believe(n.ids(), n.ids())
				settle(10 * time.Second)
				check(t, "the home was east's", n.home(), order[1])
				check(t, "the older seat", fmt.Sprint(old.end()), "[superseded]")
				for _, s := range []*Seat{ann, bob, cid} {
					s.Leave(Left)
				}
				settle(61 * time.Second)
				complete(t, n.books.all())
				check(t, "ends", ends(n.books.all()), "ann:left bob:left cid:superseded cid:left")
			})
		})
	}
}

// TestHalvesThatBeganApart: two sessions become one, and the other ends.
func TestHalvesThatBeganApart(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := newNetwork(t, wan, "fra", "iad")
		n.cut("fra", "iad")
		n.believe([]geo.NodeID{"fra"}, []geo.NodeID{"fra"})
		n.believe([]geo.NodeID{"iad"}, []geo.NodeID{"iad"})
		settle(time.Second)
		ann, _ := n.enter("fra", "ann")
		bob, _ := n.enter("iad", "bob")
		n.say(ann, "west")
		n.say(bob, "east")
		settle(10 * time.Second)
		n.heal("fra", "iad")
		n.believe(n.ids(), n.ids())
		settle(10 * time.Second)
		n.home()
		n.say(ann, "together")
		ann.Leave(Left)
		bob.Leave(Left)
		settle(61 * time.Second)
		records := n.books.all()
		complete(t, records)
		orderly(t, records)
		sessions := fold(records)
		check(t, "sessions", len(sessions), 2)
		var talk []int
		for _, s := range sessions {
			talk = append(talk, len(s.chat))
		}
		slices.Sort(talk)
		check(t, "messages", fmt.Sprint(talk), "[1 2]")
	})
}

func TestUsageTicksAreMultiplesOf30Seconds(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := newNetwork(t, wan, "fra")
		settle(10 * time.Second)
		ann, _ := n.enter("fra", "ann")
		settle(25 * time.Second)
		bob, _ := n.enter("fra", "bob")
		settle(66 * time.Second) // 12:01:41
		ann.Leave(Left)
		settle(40 * time.Second)
		bob.Leave(Left)
		settle(61 * time.Second)
		var got []string
		for _, r := range n.books.all() {
			if tick, ok := r.(*record.Tick); ok {
				got = append(got, tick.Peer+tick.At.Format("@04:05"))
			}
		}
		check(t, "ticks", strings.Join(got, " "), "ann@00:30 ann@01:00 bob@01:00 ann@01:30 bob@01:30 bob@02:00")
		complete(t, n.books.all())
	})
}

func TestALoneNodeAcknowledgesChatOnceItsDiskHoldsIt(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := newNetwork(t, wan, "fra")
		n.books.delay = time.Second
		ann, a := n.enter("fra", "ann")
		began := time.Now()
		n.say(ann, "one")
		check(t, "acknowledged after", time.Since(began), time.Second)
		n.books.setBroken(true)
		said := make(chan error, 1)
		go func() {
			_, err := ann.Chat(t.Context(), "", "two")
			said <- err
		}()
		settle(10 * time.Second)
		check(t, "seen by those who are there", a.talk(), "[1:one 2:two]")
		select {
		case err := <-said:
			t.Fatalf("acknowledged without a second copy: %v", err)
		default:
		}
		n.start("iad") // which becomes the standby
		settle(5 * time.Second)
		check(t, "acknowledged by a second node", <-said, nil)
	})
}

func TestTheLastNodeClosesItsSessionsWhenItStops(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := newNetwork(t, wan, "fra", "iad")
		order := n.rank()
		n.enter(order[0], "ann")
		n.enter(order[1], "bob")
		settle(5 * time.Second)
		n.kill(order[0], 0)
		settle(5 * time.Second)
		check(t, "ends", ends(n.books.all()), "ann:there bob:there")
		n.plane(order[1]).Close()
		check(t, "ends", ends(n.books.all()), "ann:lost bob:lost")
		complete(t, n.books.all())
	})
}

func TestARoomThatNobodyEnteredIsNotRecorded(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := newNetwork(t, wan, "fra")
		_, _, err := n.plane("fra").Join(t.Context(), Join{Company: "acme", Room: "demo", Ticket: "forged"}, newPage(t))
		check(t, "refused", errors.Is(err, ErrResumeInvalid), true)
		settle(61 * time.Second)
		check(t, "records", len(n.books.all()), 0)
		check(t, "placements", n.books.placements(), "")
	})
}
