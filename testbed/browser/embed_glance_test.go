package browser

import (
	"context"
	"testing"

	"github.com/meridian-video/meridian/edge/signal"
	"github.com/meridian-video/meridian/testbed/client"
)

// TestAPictureOfWhoIsNotOnTheStage: a frame too small for two others. The site
// around it gets a picture of the one without a place, whose camera is sent for
// as long as that takes.
func TestAPictureOfWhoIsNotOnTheStage(t *testing.T) {
	s := newSites(t, "fra")
	room := NewRoom(s.c, "glance", nil)
	ctx, cancel := context.WithTimeout(t.Context(), startTimeout)
	defer cancel()
	first := room.Client("fra", "Yan")
	first.Media = signal.Media{Camera: true} // of which no picture comes
	yan, err := client.Dial(ctx, first)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(yan.Close)
	gil := New(t, "gil", Options{Width: 640, Height: 360})
	join(gil, room.At("fra")+"&micOff=1", "Gil") // who speaks would have the place

	s.serve("/small", `<div id=m style="width:180px;height:130px"></div>HEARING<script>window.meeting = MeridianEmbed.createMeeting(m, {url: "MEET/m/glance"});</script>`, nil)
	site := New(t, "site", Options{Sites: s.pin})
	site.Open(s.partner + "/small")
	site.answers("comes in", `meeting.join("Mara").then(s => s.phase, e => e.code)`, `"live"`)
	unwatched := func(s State) bool {
		flowing, of := s.Camera()
		return len(s.People) == 3 && of > 0 && len(flowing) == 0
	}
	gil.until("is seen by nobody", unwatched)
	site.shows("a picture of Gil", `meeting.state().then(s => meeting.screenshot(s.participants.find(p => p.name === "Gil").peerId)).then(async url => {
		const i = new Image(); i.src = url; await i.decode(); return i.width > 100 }, e => (window.refused = e.code, false))`)
	gil.until("is seen by nobody again", unwatched)
	site.answers("there is no picture of Yan", `meeting.state().then(s => meeting.screenshot(s.participants.find(p => p.name === "Yan").peerId)).catch(e => e.code)`, `"no_video"`)
}
