//go:build linux

package netns

import (
	"encoding/binary"
	"fmt"
	"net"
	"slices"
	"testing"
	"time"

	"github.com/meridian-video/meridian/testbed/wan/path"
)

// BenchmarkRouter sends packets of 1,200 bytes at a rate over a link of 40 ms and
// reports how much later than the link they were read, and how many never came.
//
//	go test ./testbed/wan/netns -run xxx -bench Router -benchtime 100000x
func BenchmarkRouter(b *testing.B) {
	for _, mbit := range []int{20, 100, 400, 1000} {
		b.Run(fmt.Sprintf("%dMbit", mbit), func(b *testing.B) { carry(b, mbit) })
	}
}

const (
	benchDelay = 40 * time.Millisecond
	benchSize  = 1200
)

func carry(b *testing.B, mbit int) {
	n := start(b, Config{Hosts: []string{"fra", "syd"}, Link: path.Link{Delay: benchDelay}})
	from, to := socket(b, n.Host("fra")), socket(b, n.Host("syd"))
	must(b, to.(*net.UDPConn).SetReadBuffer(8<<20))
	late := make(chan []time.Duration)
	go func() { late <- arrived(to, b.N) }()
	began, payload := time.Now(), make([]byte, benchSize-28)
	gap := time.Duration(benchSize * 8 * 1000 / mbit)
	tick := time.NewTicker(time.Millisecond) // bursts, as a node sends
	defer tick.Stop()
	for i := 0; i < b.N; <-tick.C {
		for ; i < b.N && time.Duration(i)*gap <= time.Since(began); i++ {
			binary.BigEndian.PutUint64(payload, uint64(time.Now().UnixNano()))
			_, _ = from.WriteTo(payload, to.LocalAddr())
		}
	}
	took := time.Since(began)
	all := <-late
	slices.Sort(all)
	at := func(q float64) float64 { return float64(all[int(q*float64(len(all)-1))]) / 1e3 }
	b.ReportMetric(float64(b.N)*benchSize*8/took.Seconds()/1e6, "Mbit/s")
	b.ReportMetric(at(0.5), "µs-p50")
	b.ReportMetric(at(0.99), "µs-p99")
	b.ReportMetric(at(0.999), "µs-p99.9")
	b.ReportMetric(float64(b.N-len(all)), "lost")
}

// arrived reads n packets, or until nothing comes, and returns what each took
// more than the link.
func arrived(c net.PacketConn, n int) []time.Duration {
	out := []time.Duration{0}
	buf := make([]byte, 2000)
	for len(out) <= n {
		_ = c.SetReadDeadline(time.Now().Add(time.Second))
		size, _, err := c.ReadFrom(buf)
		if err != nil || size < 8 {
			break
		}
		out = append(out, time.Since(time.Unix(0, int64(binary.BigEndian.Uint64(buf))))-benchDelay)
	}
	return out[1:]
}
