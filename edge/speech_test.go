package edge

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/meridian-video/meridian/edge/sfu"
	"github.com/meridian-video/meridian/edge/sfu/loudness"
	"github.com/meridian-video/meridian/edge/signal"
	"github.com/meridian-video/meridian/geo"
)

const ms = time.Millisecond

// speaking is a voice in the middle of a sentence.
func speaking(peer string, level uint8) voice {
	return voice{Peer: peer, Track: "a-" + peer + ".mic", Level: level, Active: true, Speaking: true, Immediate: 9, Medium: 5, Long: 9}
}

// paused is a voice whose speaker has just stopped.
func paused(peer string) voice {
	v := speaking(peer, 25)
	v.Speaking, v.Immediate, v.Medium, v.Long = false, 0, 0, 1
	return v
}

func claims(v voice) voice {
	v.Dominant = true
	return v
}

// TestSpeechMergesNodes: each node's message counts until the next, or until it
// has expired; first its speech, then its dominant speaker.
func TestSpeechMergesNodes(t *testing.T) {
	s := newSpeech("fra-1")
	ann, bob := speaking("ann", 20), speaking("bob", 20)
	steps := []struct {
		name   string
		from   geo.NodeID
		voices []voice
		at     time.Duration
		want   string
		tell   bool
	}{
		{"here", "fra-1", []voice{ann}, 0, "[ann] ann", true},
		{"and there", "iad-1", []voice{bob}, 100 * ms, "[ann bob] ann", true},
		{"again", "iad-1", []voice{bob}, 200 * ms, "[ann bob] ann", false},
		{"an answer", "fra-1", []voice{claims(paused("ann"))}, 300 * ms, "[bob] bob", true},
		{"silence", "fra-1", nil, 400 * ms, "[bob] bob", false},
		{"of the other, too", "iad-1", []voice{claims(paused("bob"))}, 500 * ms, "[] bob", true},
		{"more of it", "iad-1", []voice{claims(paused("bob"))}, 2000 * ms, "[] bob", false},
		{"a node that says no more", "fra-1", []voice{ann}, 2000*ms + silentExpiry, "[ann] ann", true},
		{"speech is older than a claim", "fra-1", []voice{claims(ann)}, 2001*ms + 2*silentExpiry, "[ann] ann", false},
	}
	for _, st := range steps {
		s.hear(st.from, st.voices, st.at)
		tell, _ := s.decide(st.at)
		if got := fmt.Sprint(s.shown.peers, " ", s.shown.dominant); got != st.want || tell != st.tell {
			t.Errorf("%s: %s, told %v; want %s, %v", st.name, got, tell, st.want, st.tell)
		}
	}
	s.hear("iad-1", []voice{bob}, 30*time.Second)
	s.hear("fra-1", []voice{claims(ann)}, 30*time.Second)
	tell, _ := s.decide(30*time.Second + speechExpiry + 1)
	if got := fmt.Sprint(s.shown.peers, " ", s.shown.dominant); got != "[] ann" || !tell {
		t.Errorf("silence of both nodes: %s; want nobody who speaks, and the same dominant one", got)
	}
}

// TestSpeechTellsWhatMatters: other nodes hear of a change at once, of levels
// at a pace, and of silence once.
func TestSpeechTellsWhatMatters(t *testing.T) {
	s := newSpeech("fra-1")
	steps := []struct {
		name   string
		voices []voice
		at     time.Duration
		tell   bool
	}{
		{"nobody", nil, 0, false},
		{"somebody", []voice{speaking("ann", 20)}, 20 * ms, true},
		{"louder", []voice{speaking("ann", 10)}, 40 * ms, false},
		{"another", []voice{speaking("bob", 20), speaking("ann", 10)}, 60 * ms, true},
		{"in another order", []voice{speaking("ann", 20), speaking("bob", 10)}, 80 * ms, false},
		{"at the pace", []voice{speaking("ann", 20), speaking("bob", 10)}, 60*ms + speechRefresh, true},
		{"no ring any more", []voice{paused("ann"), speaking("bob", 10)}, 380 * ms, true},
		{"silence", nil, 400 * ms, true},
		{"for long", nil, time.Hour, false},
	}
	for _, st := range steps {
		got, tell := s.measure(st.voices, st.at)
		if tell != st.tell || tell && len(got) != len(st.voices) {
			t.Errorf("%s: told %v %v, want %v", st.name, tell, got, st.tell)
		}
	}
	s.dominant = "a-ann.mic"
	rest := voice{Peer: "ann", Track: "a-ann.mic"}
	if got, tell := s.measure([]voice{rest}, 2*time.Hour); !tell || !got[0].Dominant {
		t.Errorf("the dominant speaker is told as %v, %v", got, tell)
	}
	for after, want := range map[time.Duration]bool{speechRefresh: false, silentRefresh: true} {
		if _, tell := s.measure([]voice{rest}, 2*time.Hour+after); tell != want {
			t.Errorf("told of silence again after %v: %v", after, tell)
		}
	}
}

// TestNodesAgree: two nodes with people who speak at random, and messages that
// take their time, look at the same speaker once the messages are there, and rank
// the same way when all have fallen silent in turn.
func TestNodesAgree(t *testing.T) {
	for seed := range uint64(40) {
		rng := rand.New(rand.NewPCG(seed, 9))
		nodes := map[geo.NodeID]*speech{"fra-1": newSpeech("fra-1"), "iad-1": newSpeech("iad-1")}
		people := map[geo.NodeID][]string{"fra-1": {"ann", "bob"}, "iad-1": {"cyd", "dan"}}
		type mail struct {
			from, to geo.NodeID
			voices   []voice
			due      time.Duration
		}
		var post []mail
		now := time.Duration(0)
		state := map[string]voice{}
		step := func() {
			now += speechTick
			for id, s := range nodes {
				var own []voice
				for _, p := range people[id] {
					if v, ok := state[p]; ok && (v.Active || v.Track == s.dominant) {
						own = append(own, v)
					}
				}
				if voices, tell := s.measure(own, now); tell {
					for to := range nodes {
						if to != id {
							post = append(post, mail{id, to, voices, now + 60*ms})
						}
					}
				}
			}
			for len(post) > 0 && post[0].due <= now {
				nodes[post[0].to].hear(post[0].from, post[0].voices, now)
				post = post[1:]
			}
			for _, s := range nodes {
				s.decide(now)
			}
		}
		for range 30 {
			for _, names := range people {
				for _, p := range names {
					v := speaking(p, uint8(20+rng.IntN(4)))
					v.Medium, v.Long = uint8(rng.IntN(6)), uint8(rng.IntN(11))
					v.Immediate = uint8(2 * v.Medium)
					v.Speaking = v.Medium > 0
					state[p] = v
				}
			}
			for range 40 { // two rounds of messages, and a refresh
				step()
			}
			a, b := nodes["fra-1"], nodes["iad-1"]
			if a.dominant != b.dominant || !slices.Equal(a.shown.peers, b.shown.peers) {
				t.Fatalf("seed %d, %v: %s and %v, or %s and %v", seed, now, a.dominant, a.shown.peers, b.dominant, b.shown.peers)
			}
		}
	}
}

// TestBoundedKeepsTheDominantAndTheLoudest in a crowd that shouts.
func TestBoundedKeepsTheDominantAndTheLoudest(t *testing.T) {
	var in []voice
	for i := range 3 * maxVoices {
		in = append(in, speaking(fmt.Sprintf("p%03d", i), uint8(100-i/2)))
	}
	in[5].Dominant = true
	out := bounded(slices.Clone(in))
	if len(out) != maxVoices || out[0].Peer != "p005" || !out[0].Dominant || out[1].Peer != "p128" {
		t.Errorf("%d are left, from %s and %s on", len(out), out[0].Peer, out[1].Peer)
	}
	if !slices.IsSortedFunc(out, func(a, b voice) int { return int(a.Track[3]) - int(b.Track[3]) }) {
		t.Error("not sorted by track")
	}
}

// fixedLevel is a microphone whose latest packet stays what it is.
type fixedLevel struct {
	level uint8
	at    time.Duration
}

func (f *fixedLevel) Level() (uint8, time.Duration) { return f.level, f.at }

// TestMicrophoneReads: a packet counts once, a microphone that is off is silent,
// and one without levels never speaks.
func TestMicrophoneReads(t *testing.T) {
	source := &fixedLevel{20, 0}
	m := microphone{peer: "ann", track: "k.mic", source: source}
	run := func(on bool, from, n int, packets bool) (r loudness.Reading) {
		for i := range n {
			now := time.Duration(from+i) * speechTick
			if packets {
				source.at = now
			}
			r = m.read(on, now)
		}
		return r
	}
	if r := run(true, 50, 50, true); !r.Speaking || r.Long != 10 || r.Level != 20 {
		t.Errorf("speech is read as %+v", r)
	}
	if v := m.voice(run(true, 100, 1, true)); v.Peer != "ann" || v.Track != "k.mic" || !v.Active || v.Long != 10 {
		t.Errorf("told as %+v", v)
	}
	if r := run(true, 101, 55, false); r.Speaking || !r.Active || r.Long != 0 {
		t.Errorf("a second without packets is read as %+v", r)
	}
	if r := run(false, 160, 50, true); r.Active || r.Long != 0 {
		t.Errorf("a muted microphone is read as %+v", r)
	}
	source.level = sfu.NoAudioLevel
	if r := run(true, 220, 50, true); r.Active {
		t.Errorf("no level is read as %+v", r)
	}
}

// TestSpeakersTellAttachments: changes, the same to everybody; and what there is
// to who comes later.
func TestSpeakersTellAttachments(t *testing.T) {
	source := &fixedLevel{20, 0}
	k := roomKey{"acme", "demo"}
	ann := &attachment{key: k, out: newLine(signal.NewOutbox()), mic: &microphone{peer: "ann", track: "a.mic", source: source}}
	bob := &attachment{key: k, out: newLine(signal.NewOutbox())}
	other := &attachment{key: roomKey{"acme", "other"}, out: newLine(signal.NewOutbox())}
	late := &attachment{key: k, out: newLine(signal.NewOutbox())}
	whip := &attachment{key: k}
	ann.media.Mic = true
	s := newSpeakers("fra-1")
	never := func(roomKey) bool { return false }
	here := []*attachment{ann, bob, other, whip}
	for now := 20 * ms; now <= time.Second; now += speechTick {
		source.at = now
		s.listen(here, never, now)
	}
	here = append(here, late)
	s.listen(here, never, time.Second+speechTick)
	told := func(a *attachment) string {
		queue, _ := a.out.Take()
		return fmt.Sprint(queue)
	}
	want := "[{speaking [ann] } {speaking [ann] ann}]"
	if a, b := told(ann), told(bob); a != want || b != want {
		t.Errorf("told %s and %s, want %s", a, b, want)
	}
	if got := told(late); got != "[{speaking [ann] ann}]" {
		t.Errorf("who comes later is told %s", got)
	}
	if got := told(other); got != "[]" {
		t.Errorf("another room is told %s", got)
	}
	if got := s.loudest(k, 3, nil, nil); !slices.Equal(got, []string{"a.mic"}) {
		t.Errorf("worth hearing: %v", got)
	}
	s.listen(nil, func(x roomKey) bool { return x == k }, 2*time.Second)
	if len(s.rooms) != 1 {
		t.Errorf("%d rooms are kept for their ears, want 1", len(s.rooms))
	}
	s.listen(nil, never, 2*time.Second)
	if len(s.rooms) != 0 {
		t.Error("rooms that nobody is in are kept")
	}
}

func FuzzVoices(f *testing.F) {
	f.Add([]byte(`{"v":2,"company":"c","room":"r","voices":[{"peer":"ann","track":"k.mic","level":30,"active":true,"speaking":true,"immediate":9,"medium":5,"long":9,"dominant":true}]}`))
	f.Add([]byte(`{"v":1,"company":"c","room":"r","peers":["ann"]}`))
	f.Add([]byte(`{"v":2,"voices":[{"peer":"ann","track":"k.camera"}]}`))
	f.Add([]byte(`{"v":2,"voices":[{"peer":"ann","track":"k.mic","level":300}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, ok := parseVoices(b)
		if !ok {
			return
		}
		if m.V != 2 || len(m.Voices) > maxVoices {
			t.Errorf("taken: %+v", m)
		}
		s := newSpeech("fra-1")
		s.hear("iad-1", m.Voices, 0)
		s.decide(0)
		for _, v := range m.Voices {
			if v.Peer == "" || v.Level > loudness.Silence || kindOf(v.Track) != sfu.Audio {
				t.Errorf("taken: %+v", v)
			}
		}
	})
}

// BenchmarkListen is a tick of a node with rooms of ten, one of whom speaks.
func BenchmarkListen(b *testing.B) {
	for _, people := range []int{100, 1000} {
		b.Run(fmt.Sprint(people), func(b *testing.B) {
			var here []*attachment
			sources := make([]*fixedLevel, people)
			for i := range people {
				sources[i] = &fixedLevel{level: 70}
				if i%10 == 0 {
					sources[i].level = 20
				}
				here = append(here, &attachment{
					key: roomKey{"acme", fmt.Sprint(i / 10)}, media: signal.Media{Mic: true},
					mic: &microphone{peer: fmt.Sprint(i), track: fmt.Sprint(i, ".mic"), source: sources[i]},
				})
			}
			s := newSpeakers("fra-1")
			now := time.Duration(0)
			b.ReportAllocs()
			for b.Loop() {
				now += speechTick
				for _, l := range sources {
					l.at = now
				}
				s.listen(here, func(roomKey) bool { return false }, now)
			}
		})
	}
}
