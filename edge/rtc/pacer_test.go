package rtc

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/meridian-video/meridian/edge/sfu"
)

// counter is a sink that notes when packets came.
type counter struct {
	now func() time.Duration

	mu sync.Mutex
	at []time.Duration
}

func (c *counter) Send(*sfu.Packet, sfu.Batch) {
	c.mu.Lock()
	c.at = append(c.at, c.now())
	c.mu.Unlock()
}
func (c *counter) SendReport(sfu.Report) {}

// times lists when packets came.
func (c *counter) times() []time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.at)
}

// A burst of a source leaves within a few milliseconds, without ticks and
// without further packets; afterwards the pacer sleeps.
func TestPacer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		now := func() time.Duration { return time.Since(start) + time.Second }
		ctx, cancel := context.WithCancel(t.Context())
		p := newPacer()
		done := make(chan struct{})
		go func() { defer close(done); p.run(ctx, now) }()
		sink := &counter{now: now}
		u := sfu.NewUpTrack(sfu.UpConfig{Kind: sfu.Video, Codec: sfu.VP8, Now: now, Pace: p.add})
		sfu.NewDownTrack(sfu.DownConfig{Kind: sfu.Video, Sink: sink, Now: now}).Switch(u)
		for round := range 3 {
			time.Sleep(time.Second)
			synctest.Wait()
			before, at := len(sink.times()), now()
			for i := range uint16(50) {
				payload := []byte{0, 1, 2, 3}
				if i == 0 {
					payload[0], payload[1] = 0x10, 0 // begins a keyframe
				}
				u.Write(&sfu.Packet{SequenceNumber: uint16(round)*50 + i, Timestamp: uint32(round) * 90000, Arrival: at, Payload: payload})
			}
			if n := len(sink.times()) - before; n != 8 {
				t.Fatalf("round %d: %d packets at once", round, n)
			}
			time.Sleep(30 * time.Millisecond)
			synctest.Wait()
			if n := len(sink.times()) - before; n != 50 {
				t.Fatalf("round %d: %d packets", round, n)
			}
			if took := slices.Max(sink.times()) - at; took > 14*time.Millisecond {
				t.Errorf("round %d: the last packet left after %v", round, took)
			}
		}
		cancel()
		<-done
	})
}
