package rtc

import (
	"testing"
	"time"

	"github.com/meridian-video/meridian/edge/sfu"
)

func TestCaptureTime(t *testing.T) {
	for _, tc := range []struct {
		kind  sfu.Kind
		ticks int32
		want  time.Duration // after the report
	}{
		{sfu.Video, 0, 0},
		{sfu.Video, 90000, time.Second},
		{sfu.Video, -45000, -500 * time.Millisecond},
		{sfu.Video, -9000*90000/1000 - 3, -9*time.Second - 33*time.Microsecond},
		{sfu.Audio, 960, 20 * time.Millisecond},
	} {
		var c capture
		if _, ok := c.take(0); ok {
			t.Fatal("a time before the first report")
		}
		at := 100 * time.Second
		c.learn(sfu.Report{NTP: sfu.NTP(at), RTP: 5}, tc.kind)
		ntp, ok := c.take(uint32(5 + tc.ticks))
		if d := int64(ntp - sfu.NTP(at+tc.want)); !ok || d < -1<<20 || d > 1<<20 { // 0.2 ms
			t.Errorf("%v, %d ticks: off by %d units of 2^-32 s", tc.kind, tc.ticks, d)
		}
		if _, ok := c.take(0); ok {
			t.Error("told twice")
		}
	}
}
