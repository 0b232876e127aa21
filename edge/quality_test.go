package edge

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/meridian-video/meridian/edge/rtc"
	"github.com/meridian-video/meridian/edge/sfu"
	"github.com/meridian-video/meridian/edge/sfu/quality"
	"github.com/meridian-video/meridian/edge/signal"
)

// A client with a microphone and one slot: the client hears of the first verdict
// and of changes, each direction has its own cause, and the log of classes only.
func TestGradesTellWhatChanges(t *testing.T) {
	mic := &fakeSource{codec: sfu.Opus}
	ups := map[string]source{trackMic: mic}
	asked := func(string) int { return 1 }
	c := playing(2, signal.NoPause, 720)
	g := &grades{}
	g.up.class, g.down.class = quality.Good, quality.Good
	report := rtc.DownStats{MID: "9"}
	var told []signal.Quality
	var logged []time.Duration
	for second := range time.Duration(60) {
		now := second * time.Second
		lost := uint64(0)
		if second >= 20 && second < 40 {
			lost = 4 // of 50
		}
		mic.send(50, 0, lost)
		c.stats.Packets += 100
		report.Expected += 100
		if second == 30 { // for a moment
			report.Lost++
		}
		g.judge(now, g.read(now, ups, asked, []scene{c}, rtc.Stats{Downs: []rtc.DownStats{report}}))
		if m, news := g.news(); news {
			told = append(told, m)
		}
		if up, down := g.up.changed(), g.down.changed(); up || down {
			logged = append(logged, second)
		}
	}
	good, fair := signal.Score{Score: 4.4, Cause: signal.CauseNone}, signal.Score{Score: 3.4, Cause: signal.CauseUplinkLoss}
	if first, last := told[0], told[len(told)-1]; first.Up != good || last.Up != good || !slices.ContainsFunc(told, func(q signal.Quality) bool { return q.Up == fair }) {
		t.Errorf("told %+v", told)
	}
	if len(told) > 12 || slices.ContainsFunc(told, func(q signal.Quality) bool { return q.Type != "quality" || q.Down.Cause != signal.CauseNone }) {
		t.Errorf("told %+v", told)
	}
	if !slices.Equal(logged, []time.Duration{22, 43}) {
		t.Errorf("logged at %v", logged)
	}
}

// The causes are the protocol's.
func TestCausesAreThoseOfTheProtocol(t *testing.T) {
	for cause, want := range map[quality.Cause]signal.QualityCause{
		quality.None: signal.CauseNone, quality.UplinkLoss: signal.CauseUplinkLoss, quality.Downlink: signal.CauseDownlink,
		quality.CPU: signal.CauseCPU, quality.Paused: signal.CausePaused,
	} {
		if got := scoreOf(quality.Verdict{Score: 3.14, Cause: cause}); got != (signal.Score{Score: 3.1, Cause: want}) {
			t.Errorf("%v is told as %+v", cause, got)
		}
	}
}

// What judging one client with 25 videos and 3 sounds costs each second.
func BenchmarkGrades(b *testing.B) {
	ups := map[string]source{trackMic: &fakeSource{codec: sfu.Opus}, trackCamera: &fakeSource{codec: sfu.VP8, layers: simulcast(3, 3, 30)}}
	scenes := make([]scene, 28)
	stats := rtc.Stats{Downs: make([]rtc.DownStats, 28)}
	for i := range scenes {
		scenes[i] = playing(1, signal.PausedBandwidth, 720)
		scenes[i].mid = fmt.Sprint(i)
		if i >= 25 {
			scenes[i].state = nil
		}
		stats.Downs[i].MID = scenes[i].mid
	}
	asked := func(string) int { return 3 }
	g, now := &grades{}, time.Duration(0)
	b.ReportAllocs()
	for b.Loop() {
		now += time.Second
		for _, u := range ups {
			u.(*fakeSource).send(50, 1, 1)
		}
		for i := range scenes {
			scenes[i].stats.Packets += 90
			stats.Downs[i].Expected += 90
		}
		g.judge(now, g.read(now, ups, asked, scenes, stats))
		g.news()
	}
}
