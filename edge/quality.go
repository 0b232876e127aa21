package edge

import (
	"maps"
	"math"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/meridian-video/meridian/edge/rtc"
	"github.com/meridian-video/meridian/edge/sfu"
	"github.com/meridian-video/meridian/edge/sfu/quality"
	"github.com/meridian-video/meridian/edge/signal"
)

// gradeInterval is how often the media of a client is judged.
const gradeInterval = time.Second

// grades follow how well the media of one client travels. They belong to
// Node.adapt.
type grades struct {
	due      time.Duration
	sendings map[string]*sending   // by kind of track
	slots    map[string]*receiving // by mid
	up, down grade
}

// grade is that of one direction.
type grade struct {
	judge   quality.Judge
	verdict quality.Verdict // the latest
	told    quality.Verdict // what the client knows
	class   quality.Class   // that the log knows
}

// gradeMetrics count over everyone.
type gradeMetrics struct {
	scores *prometheus.HistogramVec
	causes *prometheus.CounterVec
}

func newGradeMetrics() gradeMetrics {
	return gradeMetrics{
		scores: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: "meridian", Subsystem: "edge", Name: "quality_score",
			Help:    "Scores of participants' media by direction, one a second each: 1 is bad, 4.4 the best.",
			Buckets: []float64{1.5, 2, 2.5, 3, 3.5, 4, 4.25},
		}, []string{"direction"}),
		causes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: "meridian", Subsystem: "edge", Name: "quality_causes_total",
			Help: "Seconds of participants, by what kept a direction from being good.",
		}, []string{"direction", "cause"}),
	}
}

func (m *gradeMetrics) count(d quality.Direction, v quality.Verdict) {
	m.scores.WithLabelValues(d.String()).Observe(v.Score)
	m.causes.WithLabelValues(d.String(), v.Cause.String()).Inc()
}

// figures is what a client sent and got during about a second.
type figures struct {
	sent []sent
	got  []got
	rtt  time.Duration
	// protocol is "udp" or "tcp", by which packets go to the client.
	protocol string
}

// read reads what is on and what the slots show; asked says how many layers a
// client should send of a track, 0 for nothing.
func (g *grades) read(now time.Duration, ups map[string]source, asked func(kind string) int, scenes []scene, stats rtc.Stats) figures {
	if g.sendings == nil {
		g.sendings, g.slots = map[string]*sending{}, map[string]*receiving{}
	}
	f := figures{rtt: stats.RTT, protocol: stats.Protocol, sent: []sent{}, got: []got{}}
	for _, kind := range slices.Sorted(maps.Keys(ups)) {
		if g.sendings[kind] == nil {
			g.sendings[kind] = &sending{}
		}
		if s, ok := g.sendings[kind].read(now, asked(kind), ups[kind]); ok {
			s.Kind = kind
			f.sent = append(f.sent, s)
		}
	}
	reports := make(map[string]rtc.DownStats, len(stats.Downs))
	for _, d := range stats.Downs {
		reports[d.MID] = d
	}
	for _, c := range scenes {
		if g.slots[c.mid] == nil {
			g.slots[c.mid] = &receiving{}
		}
		if s, ok := g.slots[c.mid].read(now, c, reports[c.mid]); ok {
			f.got = append(f.got, s)
		}
	}
	return f
}

// capped says that the room bounds what the client sends of video.
func (f *figures) capped() {
	for i := range f.sent {
		f.sent[i].Capped = true
	}
}

// judge judges both directions.
func (g *grades) judge(now time.Duration, f figures) {
	g.up.verdict = g.up.judge.Judge(now, sampleUp(f.sent, f.rtt))
	g.down.verdict = g.down.judge.Judge(now, sampleDown(f.got, f.rtt))
}

// news is the message to the client, false when nothing has changed much.
func (g *grades) news() (signal.Quality, bool) {
	if !g.up.verdict.Differs(g.up.told) && !g.down.verdict.Differs(g.down.told) {
		return signal.Quality{}, false
	}
	g.up.told, g.down.told = g.up.verdict, g.down.verdict
	return signal.Quality{Type: "quality", Up: scoreOf(g.up.told), Down: scoreOf(g.down.told)}, true
}

// scoreOf rounds down, so that a score of 4 is good to the reader as well.
func scoreOf(v quality.Verdict) signal.Score {
	return signal.Score{Score: math.Floor(v.Score*10) / 10, Cause: signal.QualityCause(v.Cause.String())}
}

// changed says whether the class is another than that of the last time.
func (g *grade) changed() bool {
	was := g.class
	g.class = g.verdict.Class
	return was != g.class
}

// grade judges the client's media when that is due, and tells who wants to
// know. It is called by Node.adapt alone.
func (a *attachment) grade(now time.Duration, again bool) {
	g := &a.grades
	if again {
		g.up.told, g.down.told = quality.Verdict{}, quality.Verdict{}
	}
	select {
	case <-a.transport.Connected():
	default:
		return
	}
	if now < g.due {
		return
	}
	if g.due == 0 { // good until judged otherwise
		g.up.class, g.down.class = quality.Good, quality.Good
	}
	g.due = now + gradeInterval
	ups := make(map[string]source, len(a.up))
	for kind, up := range a.up {
		ups[kind] = up.Track
	}
	f := g.read(now, ups, a.asked(), a.slots.scenes(), a.transport.Stats())
	if a.ceiling.capped() {
		f.capped()
	}
	g.judge(now, f)
	a.note(f)
	if message, changed := g.news(); changed && a.out != nil {
		a.out.Send(message)
	}
	for d, x := range []*grade{quality.Up: &g.up, quality.Down: &g.down} {
		direction := quality.Direction(d)
		a.node.grades.count(direction, x.verdict)
		if x.changed() {
			a.log.Info("quality", "peer", a.seat.Peer(), "direction", direction.String(), "class", x.class.String(), "cause", x.verdict.Cause.String())
		}
	}
}

// asked says how many layers the client should send of each of its tracks.
func (a *attachment) asked() func(kind string) int {
	a.mu.Lock()
	on := a.sends(a.media)
	a.mu.Unlock()
	return func(kind string) int {
		w, video := a.watched[kind]
		switch {
		case !on[kind]:
			return 0
		case video:
			return w.told
		}
		return sfu.MaxSpatial + 1
	}
}
