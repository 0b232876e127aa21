package scenario

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/meridian-video/meridian/edge/signal"
	"github.com/meridian-video/meridian/testbed/client"
	"github.com/meridian-video/meridian/testbed/simnet"
)

// TestLossBetweenPOPs: what a link between POPs loses is repaired on that link;
// the receiver gets
// all of it, what was lost a little late.
func TestLossBetweenPOPs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRoom(t, 5)
		r.SetLink(r.edgeIP("fra"), r.edgeIP("iad"), simnet.Link{Delay: between("fra", "iad"), Jitter: 2 * time.Millisecond, Loss: 0.01})
		ann := r.Join("fra", "fra", client.Options{Room: "hall", Name: "Ann", Media: both})
		r.Send(ann, client.Video{FPS: 30, PacketsPerFrame: 3, PayloadSize: 1000})
		r.people["iad"] = r.Join("iad", "iad", client.Options{Room: "hall", Name: "Bob", Media: signal.Media{}, Video: 1, Audio: 1})
		r.flows("iad", 1, 1000)
		lost := r.LinkStats(r.edgeIP("fra"), r.edgeIP("iad")).Lost
		var missing, late, packets int64
		for _, s := range []*client.Slot{r.people["iad"].VideoSlot(0), r.people["iad"].AudioSlot(0)} {
			missing += s.Missing()
			late += s.Gaps.Load()
			packets += s.Packets.Load()
		}
		t.Logf("%d datagrams lost; of %d packets of media %d are missing, order broke %d times; %d keyframes asked for", lost, packets, missing, late, ann.KeyframeRequests())
		if lost == 0 {
			t.Error("the link lost nothing")
		}
		if missing*1000 > packets {
			t.Errorf("%d of %d packets are missing, more than 0.1 %%", missing, packets)
		}
	})
}
