package edge

import (
	"time"

	"github.com/meridian-video/meridian/edge/sfu"
	"github.com/meridian-video/meridian/edge/signal"
)

const (
	// fewerHold and noneHold are how long fewer layers, and none at all, must
	// be enough before the client is told: to begin again costs a keyframe.
	fewerHold = 2 * time.Second
	noneHold  = 5 * time.Second
)

// watched follows how many layers of one video of a client anyone watches. Pure.
type watched struct {
	most  int // that the video can have
	told  int
	since time.Duration // fewer are watched
	peak  int           // since then
}

// update takes what is wanted and says whether the client must be told, and what.
func (w *watched) update(now time.Duration, wanted sfu.Layer) (layers int, tell bool) {
	layers = 0
	if wanted.Temporal >= 0 {
		layers = min(int(wanted.Spatial)+1, w.most)
	}
	switch {
	case layers > w.told:
		w.told, w.since = layers, 0
		return layers, true
	case layers == w.told:
		w.since = 0
		return layers, false
	case w.since == 0:
		w.since, w.peak = now, layers
	}
	w.peak = max(w.peak, layers)
	hold := fewerHold
	if w.peak == 0 {
		hold = noneHold
	}
	if now-w.since < hold {
		return 0, false
	}
	w.told, w.since = w.peak, 0
	return w.told, true
}

// watching begins with what clients send before they are told anything.
func watching() map[string]*watched {
	return map[string]*watched{
		trackCamera:  {most: 3, told: 3},
		trackCamera2: {most: 1, told: 0},
		trackShare:   {most: 1, told: 1},
	}
}

// tellWatched tells the client which of its layers to send, again where its socket
// is another. It is called by Node.adapt alone.
func (a *attachment) tellWatched(now time.Duration, again bool) {
	if a.out == nil {
		return // WHIP has no words for it
	}
	if a.watched == nil {
		a.watched = watching()
	}
	var up signal.EncodeUp
	for kind, to := range map[string]**signal.Watched{trackCamera: &up.Camera, trackCamera2: &up.Camera2, trackShare: &up.Share} {
		t, ok := a.up[kind]
		if !ok {
			continue
		}
		if _, tell := a.watched[kind].update(now, t.Track.Wanted()); tell || again {
			*to = &signal.Watched{Layers: a.watched[kind].told}
		}
	}
	if up != (signal.EncodeUp{}) {
		a.out.Send(signal.Encode{Type: "encode", Up: up})
	}
}
