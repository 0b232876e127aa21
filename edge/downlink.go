package edge

import (
	"time"

	"github.com/meridian-video/meridian/edge/rtc"
	"github.com/meridian-video/meridian/edge/sfu"
	"github.com/meridian-video/meridian/edge/sfu/quality"
	"github.com/meridian-video/meridian/edge/signal"
)

const (
	// unimportant is the weight of a video that is one of many.
	unimportant = 0.5
	// fewPackets are too few to tell a share of loss: a muted microphone
	// sends as many in a second.
	fewPackets = 10
)

// scene is what a slot shows at an instant.
type scene struct {
	mid    string
	track  string
	view   signal.View
	state  *signal.SlotLayer // nil for sound
	stats  sfu.DownStats
	gaps   uint64           // that the source has left for good
	layers []sfu.LayerStats // of the source
	freeze freeze
}

// scenes lists what all slots with a track show.
func (s *slots) scenes() (out []scene) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, l := range s.all() {
		if l.lease == nil {
			continue
		}
		c := scene{
			mid: l.down.MID, track: l.track, view: l.view, freeze: l.freeze,
			stats: l.down.Track.Stats(), gaps: l.lease.Up().Stats().Lost,
		}
		if i < len(s.video) {
			if i >= len(s.division.states) || s.division.states[i] == nil {
				continue // not divided yet
			}
			c.state, c.layers = s.division.states[i], l.lease.Up().Layers()
		}
		out = append(out, c)
	}
	return out
}

// got is a slot as it went out, and as the client reported it, during about a
// second.
type got struct {
	MID     string            `json:"mid"`
	Track   string            `json:"track"`
	Slot    *signal.SlotLayer `json:"slot,omitempty"` // of a video
	Packets uint64            `json:"packets"`        // without repeated ones
	Resent  uint64            `json:"resent"`
	Bitrate int               `json:"bitrate"` // bit/s of payload
	Lost    float64           `json:"lost"`    // share of the packets of lately, before repair
	Missing float64           `json:"missing"` // after, as far as the node can know
	Jitter  float64           `json:"jitter_ms"`
	RTT     float64           `json:"rtt_ms"`
	Lines   int               `json:"lines"`
	Wanted  int               `json:"wanted_lines"`
	FPS     float64           `json:"fps"`
	Freezes int               `json:"freezes"` // since the slot was made
	Frozen  float64           `json:"frozen"`  // share of the time

	wantedFPS float64
	important bool
}

// receiving follows one slot. Pure.
type receiving struct {
	at     time.Duration // of the last reading; 0: none
	scene  scene         // then
	report rtc.DownStats // then

	expected, lost, gaps, resent tally
}

// read takes a slot's scene and the client's reports on it. It says whether
// there is anything to judge.
func (x *receiving) read(now time.Duration, c scene, r rtc.DownStats) (g got, ok bool) {
	before, span := x.scene, now-x.at
	if x.at == 0 || span <= 0 || before.track != c.track {
		*x = receiving{at: now, scene: c, report: r}
		return g, false
	}
	resent := c.stats.Resent - before.stats.Resent
	x.expected.add(r.Expected - x.report.Expected)
	x.lost.add(r.Lost - x.report.Lost)
	x.gaps.add(int64(c.gaps - before.gaps))
	x.resent.add(int64(resent))
	x.at, x.scene, x.report = now, c, r
	g = got{
		MID: c.mid, Track: c.track, Slot: c.state, Resent: resent, Freezes: c.freeze.times,
		Packets: c.stats.Packets - before.stats.Packets - resent,
		Bitrate: int(float64(c.stats.Octets-before.stats.Octets) * 8 / span.Seconds()),
		Frozen:  min(1, (c.freeze.total-before.freeze.total).Seconds()/span.Seconds()),
		Jitter:  millis(r.Jitter), RTT: millis(r.RTT),
	}
	g.Lost, g.Missing = x.loss()
	if c.state == nil {
		return g, g.Packets >= fewPackets
	}
	g.important = c.view.Priority != signal.ForOther
	g.compare(c)
	return g, c.state.Reason != signal.PausedHidden && c.state.Reason != signal.PausedCodec
}

func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// loss is the share of packets that the way to the client has lost lately, and
// of those that were not sent again, or lost then, too. What the source never had
// is missing at the client as well and no fault of its way; it is counted over
// a longer while, since reports and counts come at different times.
func (x *receiving) loss() (lost, missing float64) {
	expected := float64(x.expected.sum(lately))
	if expected < fewPackets {
		return 0, 0
	}
	lost = min(1, float64(max(0, x.lost.sum(lately)-x.gaps.sum(tallied)))/expected)
	repaired := min(lost, float64(x.resent.sum(tallied))/expected)
	return lost, lost - repaired + repaired*lost
}

// compare finds what is shown, and what the view asks for, among the layers of
// the source: the smallest that fills it.
func (g *got) compare(c scene) {
	filled := false
	for _, l := range c.layers {
		if int(l.Layer.Spatial) == c.state.Spatial && int(l.Layer.Temporal) == c.state.Temporal {
			g.Lines, g.FPS = l.Height, l.FPS
		}
		if !filled || l.Height == g.Wanted {
			g.Wanted, g.wantedFPS = l.Height, l.FPS
		}
		filled = filled || c.view.Height > 0 && l.Height >= c.view.Height
	}
	if c.state.State == signal.SlotLive && g.Packets == 0 && g.FPS >= 2 {
		g.Frozen = 1
	}
}

// judged is the slot in the words of quality.
func (g *got) judged(alone bool, sample *quality.Sample) {
	if g.Slot == nil {
		sample.Audio = append(sample.Audio, quality.Audio{Loss: g.Missing, Jitter: time.Duration(g.Jitter * float64(time.Millisecond))})
		return
	}
	v := quality.Video{Weight: 1, Loss: g.Missing, Frozen: g.Frozen}
	if !g.important && !alone {
		v.Weight = unimportant
	}
	switch {
	case g.Slot.State == signal.SlotPaused && g.Slot.Reason == signal.PausedBandwidth:
		v.State = quality.Starved
	case g.Slot.State == signal.SlotPaused:
		v.State = quality.Held
	case g.Slot.Reason == signal.PausedBandwidth: // less than the view asks for
		v.Lines, v.WantedLines = g.Lines, g.Wanted
		if !isShare(g.Track) {
			v.FPS, v.WantedFPS = g.FPS, g.wantedFPS
		}
	}
	sample.Video = append(sample.Video, v)
}

// sampleDown gathers what a client got in its slots.
func sampleDown(slots []got, rtt time.Duration) quality.Sample {
	sample := quality.Sample{Direction: quality.Down, RTT: rtt}
	videos := 0
	var lost, all float64
	for _, g := range slots {
		if g.Slot != nil {
			videos++
		}
		lost, all = lost+g.Lost*float64(g.Packets), all+float64(g.Packets)
	}
	if all > 0 {
		sample.Loss = lost / all
	}
	for i := range slots {
		slots[i].judged(videos == 1, &sample)
	}
	return sample
}
