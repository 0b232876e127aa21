package edge

import (
	"time"

	"github.com/meridian-video/meridian/edge/sfu"
	"github.com/meridian-video/meridian/edge/sfu/quality"
)

const (
	// askedSpan is how long a client may take to send what it was asked for.
	askedSpan = 3 * time.Second
	// quietSpan is after how long a silent microphone counts as one that
	// nobody feeds, rather than one whose packets are lost.
	quietSpan = 5 * time.Second
	// maxFPS is what a camera is measured by at most, and fpsDecay what it is
	// still measured by a second after it gave more: cameras slow down in the
	// dark, which is no fault for long.
	maxFPS   = 30
	fpsDecay = 0.98
)

// source is an UpTrack, as far as a sending looks at it.
type source interface {
	Kind() sfu.Kind
	Codec() sfu.Codec
	Stats() sfu.UpStats
	Layers() []sfu.LayerStats
}

// sent is a track of a client as it came during about a second.
type sent struct {
	Kind    string  `json:"kind"`
	Packets uint64  `json:"packets"`
	Bitrate int     `json:"bitrate"` // bit/s of payload
	Lost    float64 `json:"lost"`    // share of the packets of lately, before repair
	Missing float64 `json:"missing"` // after
	Jitter  float64 `json:"jitter_ms"`
	Layers  int     `json:"layers"` // spatial ones that come
	Asked   int     `json:"asked"`  // of those that it has
	Lines   int     `json:"lines"`
	FPS     float64 `json:"fps"`
	Held    bool    `json:"held"`   // nothing comes, though it should
	Capped  bool    `json:"capped"` // the room bounds it

	wantedFPS float64
}

// sending follows a track that a client sends. Pure.
type sending struct {
	at    time.Duration // of the last reading; 0: none
	stats sfu.UpStats   // then
	flows time.Duration // when packets came last; 0: never
	since time.Duration // it is on and as many layers are asked for
	asked int
	fps   float64 // the best of lately

	packets, lost, recovered tally
}

// read reads the source; with 0 layers asked for, nothing need come. It says
// whether there is anything to judge.
func (x *sending) read(now time.Duration, asked int, u source) (s sent, ok bool) {
	before, span := x.stats, now-x.at
	x.stats = u.Stats()
	first := x.at == 0
	x.at = now
	if asked != x.asked {
		x.asked, x.since = asked, now
	}
	if asked == 0 {
		x.packets, x.lost, x.recovered = tally{}, tally{}, tally{}
	}
	if first || span <= 0 || asked == 0 {
		return s, false
	}
	s.Packets = x.stats.Packets - before.Packets
	s.Bitrate = int(float64(x.stats.Octets-before.Octets) * 8 / span.Seconds())
	x.packets.add(int64(s.Packets))
	x.lost.add(int64(x.stats.Lost - before.Lost))
	x.recovered.add(int64(x.stats.Recovered - before.Recovered))
	if lost := x.lost.sum(lately); lost+x.packets.sum(lately) > 0 {
		all := float64(lost + x.packets.sum(lately))
		s.Lost, s.Missing = float64(lost+x.recovered.sum(lately))/all, float64(lost)/all
	}
	s.Jitter = float64(x.stats.Jitter) / float64(u.Codec().ClockRate()) * 1000
	if s.Packets > 0 {
		x.flows = now
	}
	if u.Kind() == sfu.Audio {
		return x.audio(now, s)
	}
	return x.video(now, s, u.Layers()), true
}

// audio takes a microphone that was heard a moment ago for one whose packets
// are all lost, and any other that is silent for one that nobody feeds.
func (x *sending) audio(now time.Duration, s sent) (sent, bool) {
	switch {
	case s.Packets > 0:
	case x.flows == 0 || now-x.flows > quietSpan:
		return s, false
	default:
		s.Lost, s.Missing = 1, 1
	}
	return s, true
}

// video compares layers with those that were asked for, among those that were
// ever seen, and frames with those of lately.
func (x *sending) video(now time.Duration, s sent, layers []sfu.LayerStats) sent {
	known := 0
	for _, l := range layers {
		n := int(l.Layer.Spatial) + 1
		known = max(known, n)
		if !l.Live || n > x.asked {
			continue
		}
		s.Layers, s.Lines, s.FPS = n, l.Height, max(s.FPS, l.FPS)
	}
	settled := now-x.since > askedSpan
	s.Held = settled && now-x.flows > askedSpan
	x.fps = min(max(s.FPS, x.fps*fpsDecay), maxFPS)
	if settled && s.Layers > 0 {
		s.Asked, s.wantedFPS = min(x.asked, known), x.fps
	}
	return s
}

// judged is the track in the words of quality.
func (s *sent) judged(sample *quality.Sample) {
	switch s.Kind {
	case trackMic, trackShareAudio:
		sample.Audio = append(sample.Audio, quality.Audio{Loss: s.Missing, Jitter: time.Duration(s.Jitter * float64(time.Millisecond))})
		return
	}
	v := quality.Video{Weight: 1, Loss: s.Missing}
	if !s.Capped { // else less is as it should be
		v.Layers, v.WantedLayers = s.Layers, s.Asked
	}
	if s.Held {
		v.State = quality.Held
	}
	if s.Kind != trackShare && !s.Capped { // which moves as little as what it shows
		v.FPS, v.WantedFPS, v.Bitrate, v.Need = s.FPS, s.wantedFPS, s.Bitrate, quality.Need(s.Lines)
	}
	if s.Kind == trackCamera2 {
		v.Weight = unimportant
	}
	sample.Video = append(sample.Video, v)
}

// sampleUp gathers what came of a client's tracks.
func sampleUp(tracks []sent, rtt time.Duration) quality.Sample {
	sample := quality.Sample{Direction: quality.Up, RTT: rtt}
	var lost, all float64
	for i := range tracks {
		s := &tracks[i]
		lost, all = lost+s.Lost*float64(s.Packets), all+float64(s.Packets)
		s.judged(&sample)
	}
	if all > 0 {
		sample.Loss = lost / all
	}
	return sample
}
