package scenario

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/meridian-video/meridian/edge/signal"
	"github.com/meridian-video/meridian/testbed/client"
)

// TestPartnersCallIsFullAtFifty: of a room that nobody has made, fifty come in at
// three POPs, and the next one when somebody has left. Once all have left, there is
// no such room.
// Covers GC-A01, GC-A03.
func TestPartnersCallIsFullAtFifty(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRoom(t, 61)
		server := r.backend("syd")
		server.counts("never", 0)
		all := r.crowd(50, "/call/?roomId=never&displayName=P%d&peerId=p%d")
		server.counts("never", 50)
		for _, pop := range POPs {
			r.denied(pop, "/call/?roomId=never&displayName=Late", signal.Full)
		}
		all[7].Leave()
		server.counts("never", 49)
		all[7] = r.opens("syd", "/call/?roomId=never&displayName=Late")
		r.denied("iad", "/call/?roomId=never&displayName=Later", signal.Full)
		for _, c := range all {
			c.Leave()
		}
		server.counts("never", 0)
	})
}

// TestPartnersWebinarHasTwentySpeakers: the first is alone and sends; the address
// makes speakers until there are twenty, and viewers of who does not ask for it.
// How many viewers there may be is shown where the room counts them.
// Covers GC-A04, GC-A05.
func TestPartnersWebinarHasTwentySpeakers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const speaker = "/webinar/?roomId=stage&itisparticipant=true&displayName=S%d&peerId=s%d"
		r := newRoom(t, 62)
		server := r.backend("iad")
		all := r.crowd(1, speaker)
		if c := all[0]; c.Joined.Room.Kind != "webinar" || c.Joined.Self.Mode != "speaker" || c.Joined.Viewers != 0 {
			t.Errorf("came to a %s with %d viewers as %s", c.Joined.Room.Kind, c.Joined.Viewers, c.Joined.Self.Mode)
		}
		r.publishes(all[0])
		server.counts("stage", 1)

		all = append(all, r.crowd(19, "/webinar/?roomId=stage&itisparticipant=true&displayName=T%d&peerId=t%d")...)
		for _, c := range all[1:] {
			r.publishes(c)
		}
		for _, pop := range POPs {
			r.denied(pop, "/webinar/?roomId=stage&itisparticipant=true", signal.Full)
		}
		viewer := r.opens("syd", "/webinar/?roomId=stage")
		if viewer.Joined.Self.Mode != "viewer" {
			t.Errorf("came in as %s", viewer.Joined.Self.Mode)
		}
		r.must(viewer.Until(t.Context(), "is told of twenty cameras", func(s client.State) bool {
			cameras := 0
			for _, p := range s.People {
				if p.Media.Camera && p.Tracks["camera"] != "" {
					cameras++
				}
			}
			return cameras == 20
		}))
		server.counts("stage", 21)
		all[3].Leave()
		server.counts("stage", 20)
		r.publishes(r.opens("syd", "/webinar/?roomId=stage&itisparticipant=true"))
	})
}

// crowd opens an address at three POPs at once, each with a number in it.
func (r *room) crowd(people int, format string) []*client.Client {
	r.t.Helper()
	all := make([]*client.Client, people)
	var wg sync.WaitGroup
	for i := range all {
		wg.Go(func() {
			c, err := r.tryOpen(POPs[i%len(POPs)], fmt.Sprintf(format, i, i))
			if err != nil {
				r.t.Error(err)
			}
			all[i] = c
		})
	}
	wg.Wait()
	if r.t.Failed() {
		r.t.FailNow()
	}
	return all
}

// publishes lets somebody switch camera and microphone on and send, and waits until
// the room has both.
func (r *room) publishes(c *client.Client) {
	r.t.Helper()
	r.must(c.SetMedia(both))
	r.Send(c, client.Video{FPS: 1, PacketsPerFrame: 1, PayloadSize: 200})
	r.must(c.Until(r.t.Context(), "is seen with both", func(s client.State) bool {
		p := s.People[c.Joined.Peer]
		return p.Media.Camera && p.Media.Mic && p.Tracks["camera"] != "" && p.Tracks["mic"] != ""
	}))
}
