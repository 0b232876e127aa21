package quality

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// camera is a large video with nothing to complain of.
func camera(change func(*Video)) Video {
	v := Video{Weight: 1, Lines: 720, WantedLines: 720, FPS: 30, WantedFPS: 30, Layers: 3, WantedLayers: 3, Bitrate: 1_500_000, Need: Need(720)}
	if change != nil {
		change(&v)
	}
	return v
}

func video(d Direction, loss float64, change func(*Video)) Sample {
	return Sample{Direction: d, Loss: loss, Video: []Video{camera(change)}}
}

func sound(d Direction, a Audio) Sample {
	return Sample{Direction: d, Loss: a.Loss, Audio: []Audio{a}}
}

// Each sample lasts for some seconds and has one verdict.
func TestVerdicts(t *testing.T) {
	for _, tc := range []struct {
		name   string
		sample Sample
		low    float64 // of the score
		high   float64
		class  Class
		cause  Cause
	}{
		{"nothing sent", Sample{}, 4.4, 4.41, Good, None},
		{"a clean sound", sound(Up, Audio{}), 4.4, 4.41, Good, None},
		{"a clean video", video(Down, 0, nil), 4.4, 4.41, Good, None},
		{"sound bears 1 %", sound(Up, Audio{Loss: 0.01}), 4.2, 4.4, Good, None},
		{"sound up with 5 %", sound(Up, Audio{Loss: 0.05}), 3.7, 3.9, Fair, UplinkLoss},
		{"sound down with 5 %", sound(Down, Audio{Loss: 0.05}), 3.7, 3.9, Fair, Downlink},
		{"sound with 20 %", sound(Up, Audio{Loss: 0.2}), 2.2, 2.5, Poor, UplinkLoss},
		{"no sound comes", sound(Down, Audio{Loss: 1}), 1, 1.2, Poor, Downlink},
		{"a far node", Sample{Direction: Down, RTT: 300 * ms, Audio: []Audio{{}}}, 4.2, 4.4, Good, None},
		{"a very far node", Sample{Direction: Down, RTT: 800 * ms, Audio: []Audio{{}}}, 3.2, 3.5, Fair, Downlink},
		{"sound that swings", sound(Down, Audio{Jitter: 150 * ms}), 3.3, 3.8, Fair, Downlink},
		{"everything lost is repaired", video(Up, 0.05, nil), 4.4, 4.41, Good, None},
		{"1 % of video is not repaired", video(Down, 0.05, func(v *Video) { v.Loss = 0.01 }), 3.7, 3.9, Fair, Downlink},
		{"paused for bandwidth", video(Down, 0, func(v *Video) { v.State = Starved }), 1.5, 2, Poor, Downlink},
		{"a small one paused for bandwidth", video(Down, 0, func(v *Video) { v.State, v.Weight = Starved, 0.5 }), 3, 3.5, Fair, Downlink},
		{"paused by its sender", video(Down, 0, func(v *Video) { v.State = Held }), 3, 3.5, Fair, Paused},
		{"half the lines", video(Down, 0, func(v *Video) { v.Lines = 360 }), 4, 4.2, Good, None},
		{"a quarter of the lines", video(Down, 0, func(v *Video) { v.Lines = 180 }), 3.6, 3.9, Fair, Downlink},
		{"stands still", video(Down, 0, func(v *Video) { v.Frozen = 1 }), 1, 1.6, Poor, Downlink},
		{"a layer is missing", video(Up, 0, func(v *Video) { v.Layers = 2 }), 4, 4.2, Good, None},
		{"two layers are missing", video(Up, 0, func(v *Video) { v.Layers = 1 }), 3.6, 3.9, Fair, CPU},
		{"8 of 30 frames", video(Up, 0, func(v *Video) { v.FPS = 8 }), 3.2, 3.9, Fair, CPU},
		{"8 of 30 frames after loss", video(Up, 0.03, func(v *Video) { v.FPS = 8 }), 3.2, 3.9, Fair, UplinkLoss},
		{"a few layers down", video(Down, 0, func(v *Video) { v.FPS, v.Lines = 7.5, 180 }), 2, 2.99, Poor, Downlink},
		{"a starved encoder", video(Up, 0, func(v *Video) { v.Bitrate = 30_000 }), 2, 2.9, Poor, CPU},
		{"the worst counts", Sample{Direction: Up, Audio: []Audio{{Loss: 0.02}}, Video: []Video{camera(func(v *Video) { v.FPS = 3 }), camera(nil)}}, 2, 3, Poor, CPU},
		{"unknown figures", video(Down, 0, func(v *Video) { *v = Video{Weight: 1, WantedLines: 720, WantedFPS: 30, Need: 9} }), 4.4, 4.41, Good, None},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var j Judge
			for second := range 4 {
				v := j.Judge(time.Duration(second)*time.Second, tc.sample)
				if v.Class != tc.class || v.Cause != tc.cause || v.Score < tc.low || v.Score > tc.high {
					t.Fatalf("second %d: %.2f %v, %v", second, v.Score, v.Class, v.Cause)
				}
			}
		})
	}
}

// One letter stands for a second of a clean sound (.), of one with 5 % loss (f)
// and with 20 % (p); a verdict's is that of its class.
func TestClassTakesTwoOfThree(t *testing.T) {
	loss := map[rune]float64{'.': 0, 'f': 0.05, 'p': 0.2}
	letter := map[Class]string{Good: ".", Fair: "f", Poor: "p"}
	for _, tc := range []struct{ samples, want string }{
		{"......", "......"},
		{"..f...", "......"},
		{"..ff..", "...ff."},
		{"..p.p..", "....p.."},
		{"p....", "pp..."},
		{"ppp.fff", "ppppfff"},
		{"f.pf.p", "ffffff"},
	} {
		var j Judge
		got := ""
		for second, r := range tc.samples {
			got += letter[j.Judge(time.Duration(second)*time.Second, sound(Up, Audio{Loss: loss[r]})).Class]
		}
		if got != tc.want {
			t.Errorf("%s: classes %s, want %s", tc.samples, got, tc.want)
		}
	}
}

// A score that wavers about a bound stays in the worse class and keeps its cause.
func TestMarginKeepsTheClass(t *testing.T) {
	var j Judge
	changes := 0
	was := Flawless
	for second := range 100 {
		loss := 0.0325 // 4.02, or 3.97
		if second%4 < 2 {
			loss = 0.036
		}
		v := j.Judge(time.Duration(second)*time.Second, sound(Up, Audio{Loss: loss}))
		if v.Class != was.Class {
			changes++
		}
		if v.Class != Good && v.Cause != UplinkLoss {
			t.Fatalf("second %d: %+v", second, v)
		}
		was = v
	}
	if changes != 1 || was.Class != Fair {
		t.Errorf("changed %d times, to %v", changes, was.Class)
	}
}

// An uplink that was lossy is blamed for what the sender holds back afterwards,
// for a while.
func TestLossIsRemembered(t *testing.T) {
	var j Judge
	j.Judge(0, video(Up, 0.1, nil))
	for at, want := range map[time.Duration]Cause{5 * time.Second: UplinkLoss, 20 * time.Second: CPU} {
		k := j
		var v Verdict
		for n := range time.Duration(memory) {
			v = k.Judge(at+n*time.Second, video(Up, 0, func(v *Video) { v.Layers = 1 }))
		}
		if v.Cause != want {
			t.Errorf("after %v: %v, want %v", at, v.Cause, want)
		}
	}
}

func TestDiffers(t *testing.T) {
	told := Verdict{3.5, Fair, Downlink}
	for _, tc := range []struct {
		v    Verdict
		want bool
	}{
		{told, false}, {Verdict{3.6, Fair, Downlink}, false}, {Verdict{3.71, Fair, Downlink}, true},
		{Verdict{3.29, Fair, Downlink}, true}, {Verdict{3.5, Fair, Paused}, true}, {Verdict{3.5, Good, Downlink}, true},
	} {
		if got := tc.v.Differs(told); got != tc.want {
			t.Errorf("%+v after %+v is news: %v", tc.v, told, got)
		}
	}
}

// random is any sample, odd values included.
func random(r *rand.Rand) Sample {
	share := func() float64 {
		return []float64{0, r.Float64() / 20, r.Float64(), 2, -1, math.NaN(), math.Inf(1)}[r.IntN(7)]
	}
	s := Sample{Direction: Direction(r.IntN(2)), Loss: share(), RTT: time.Duration(r.IntN(1000)-100) * ms}
	for range r.IntN(3) {
		s.Audio = append(s.Audio, Audio{share(), time.Duration(r.IntN(300)-50) * ms})
	}
	for range r.IntN(3) {
		s.Video = append(s.Video, Video{
			State: State(r.IntN(4)), Weight: share(), Loss: share(), Frozen: share(), Lines: r.IntN(1080) - 9, WantedLines: r.IntN(1080) - 9,
			Layers: r.IntN(5) - 1, WantedLayers: r.IntN(5) - 1, FPS: 60 * share(), WantedFPS: 60 * share(),
			Bitrate: r.IntN(3_000_000) - 9, Need: r.IntN(600_000) - 9,
		})
	}
	return s
}

// Whatever comes, a verdict is a number within the scale, of the class of its
// score but for the margin, and has a cause unless it is good.
func TestVerdictsAreSound(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		var j Judge
		for second := range 20 {
			s := random(r)
			v := j.Judge(time.Duration(second)*time.Second, s)
			if !(v.Score >= 1 && v.Score <= 4.5) {
				t.Fatalf("score %v of %+v", v.Score, s)
			}
			if c := classOf(v.Score); v.Class > c || v.Class < classOf(v.Score-margin) {
				t.Fatalf("%.3f is %v", v.Score, v.Class)
			}
			if (v.Class == Good) != (v.Cause == None) {
				t.Fatalf("%v because of %v", v.Class, v.Cause)
			}
		}
	}
}

// More of what is bad never scores better.
func TestWorseNeverScoresBetter(t *testing.T) {
	worsen := []func(*Sample, float64){
		func(s *Sample, x float64) { s.RTT += time.Duration(x * float64(time.Second)) },
		func(s *Sample, x float64) { s.Loss += x },
		func(s *Sample, x float64) { s.Audio[0].Loss += x },
		func(s *Sample, x float64) { s.Audio[0].Jitter += time.Duration(x * float64(time.Second)) },
		func(s *Sample, x float64) { s.Video[0].Loss += x },
		func(s *Sample, x float64) { s.Video[0].Frozen += x },
		func(s *Sample, x float64) { s.Video[0].Lines -= int(x * float64(s.Video[0].Lines-1)) },
		func(s *Sample, x float64) { s.Video[0].FPS *= 1 - x },
		func(s *Sample, x float64) { s.Video[0].Layers -= int(3 * x) },
		func(s *Sample, x float64) { s.Video[0].Bitrate -= int(x * float64(s.Video[0].Bitrate-1)) },
	}
	r := rand.New(rand.NewPCG(3, 4))
	draw := func() Sample {
		return Sample{
			Direction: Direction(r.IntN(2)), Loss: r.Float64() / 10, RTT: time.Duration(r.IntN(500)) * ms,
			Audio: []Audio{{r.Float64() / 5, time.Duration(r.IntN(100)) * ms}},
			Video: []Video{{
				Weight: r.Float64(), Loss: r.Float64() / 5, Frozen: r.Float64(), Lines: 1 + r.IntN(1080), WantedLines: r.IntN(1080),
				Layers: 1 + r.IntN(3), WantedLayers: r.IntN(4), FPS: 1 + 30*r.Float64(), WantedFPS: 30 * r.Float64(),
				Bitrate: 1 + r.IntN(900_000), Need: r.IntN(300_000),
			}},
		}
	}
	for range 2000 {
		before := draw()
		after := before
		after.Audio, after.Video = []Audio{before.Audio[0]}, []Video{before.Video[0]}
		which := r.IntN(len(worsen))
		worsen[which](&after, r.Float64())
		a, b := judge(before, false).score, judge(after, false).score
		if b > a+1e-9 {
			t.Fatalf("change %d made %.3f of %.3f:\n%+v\n%+v", which, b, a, before, after)
		}
	}
}

func TestWordsOfTheProtocol(t *testing.T) {
	got := fmt.Sprintln(None, UplinkLoss, Downlink, CPU, Paused, causes, "|", Up, Down, "|", Poor, Fair, Good, Class(9))
	if want := "none uplink_loss downlink cpu paused unknown | up down | poor fair good unknown\n"; got != want {
		t.Errorf("%q", got)
	}
}
