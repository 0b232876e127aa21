package browser

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/meridian-video/meridian/testbed/cluster"
)

// Gaps are the longest times without a packet, ms, and what the page saw.
type Gaps struct {
	Audio, Video float64
	Events       []string
}

// TestNetworkSwitch has a browser lose its network and find another, there and
// back: media is back on the same peer id, and nobody saw a leave. With
// MERIDIAN_SWITCHES it does so more often, for the figures.
func TestNetworkSwitch(t *testing.T) {
	computer := newNetworks(t)
	c := cluster.StartAt(t, map[string]cluster.Media{"fra": {Host: nodeAddress, Listen: nodeAddress + ":0", NoTURN: true}}, "fra")
	c.Call("POST", "/companies/"+c.Company+"/domains", map[string]any{"fqdn": nodeAddress}, nil)
	c.WaitKnown()
	url := c.Edges["fra"].URL
	ann := New(t, "ann", Options{On: computer, Trusted: url, Tone: 440, Scripts: []string{wire, gap}, Width: 480, Height: 270})
	bob := New(t, "bob", Options{Trusted: url, Tone: 700, Scripts: []string{wire, gap, witness}, Width: 480, Height: 270})
	join(ann, url+"/m/switch", "Ann")
	join(bob, url+"/m/switch", "Bob")
	for _, p := range []*Page{ann, bob} {
		p.Until(startTimeout, "sees the other", decodes(1))
	}
	before, err := ann.State()
	if err != nil {
		t.Fatal(err)
	}
	times, _ := strconv.Atoi(os.Getenv("MERIDIAN_SWITCHES"))
	var audio, video, heard []float64
	for i := range max(times, 2) {
		for _, p := range []*Page{ann, bob} {
			if _, err := Eval[bool](p, "gap.reset()"); err != nil {
				t.Fatal(err)
			}
		}
		computer.change()
		began := time.Now()
		cluster.Wait(t, startTimeout, "media is back", func() error {
			s, err := ann.State()
			if err != nil {
				return err
			}
			since, err := Eval[Gaps](ann, "gap.since()")
			if err == nil && (s.Phase != "live" || time.Since(began) < 3*time.Second || since.Audio > 500 || since.Video > 500) {
				err = fmt.Errorf("%s, nothing for %.0f and %.0f ms", s.Phase, since.Audio, since.Video)
			}
			return err
		})
		g, err := Eval[Gaps](ann, "gap.read()")
		if err != nil {
			t.Fatal(err)
		}
		other, _ := Eval[Gaps](bob, "gap.read()")
		t.Logf("%d to %s: ann %.0f audio, %.0f video; bob %.0f audio, %.0f video; %s", i, computer.now, g.Audio, g.Video, other.Audio, other.Video, strings.Join(g.Events, "; "))
		audio, video, heard = append(audio, g.Audio), append(video, g.Video), append(heard, other.Audio)
	}
	for name, list := range map[string][]float64{"audio": audio, "video": video, "audio at the other": heard} {
		slices.Sort(list)
		t.Logf("%s: p50 %.0f ms, p95 %.0f ms, longest %.0f ms of %d", name, list[len(list)/2], list[(len(list)*95)/100], list[len(list)-1], len(list))
	}
	after, err := ann.State()
	if err != nil {
		t.Fatal(err)
	}
	if after.PeerID != before.PeerID {
		t.Errorf("came back as %s, was %s", after.PeerID, before.PeerID)
	}
	if w := bob.Witnessed(); slices.Contains(w.States[before.PeerID], "gone") || strings.Contains(strings.Join(w.Said, "\n"), "left") {
		t.Errorf("bob saw %v and heard %q", w.States[before.PeerID], w.Said)
	}
}
