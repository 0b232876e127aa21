package relay

import (
	"context"
	"net"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/ipv4"

	"github.com/meridian-video/meridian/geo"
	"github.com/meridian-video/meridian/relay/sealed"
	"github.com/meridian-video/meridian/relay/wire"
)

// film sends numbered packets on the first track for d of simulated time, one every 5 ms.
func film(s *studio, next *uint16, d time.Duration) {
	out := s.attached()[0]
	for range d / (5 * time.Millisecond) {
		*next++
		out.Send(&wire.Media{SequenceNumber: *next, Timestamp: uint32(*next), Payload: make([]byte, 900)})
		out.Flush()
		time.Sleep(5 * time.Millisecond)
	}
}

// missingFrom lists the numbers up to last that did not come, and how many came twice.
func missingFrom(v *viewer, last uint16) (missing []uint16, twice int) {
	packets, _, _ := v.got()
	seen := map[uint16]int{}
	for _, p := range packets {
		seen[p.SequenceNumber]++
	}
	for n := uint16(1); n <= last; n++ {
		if seen[n] == 0 {
			missing = append(missing, n)
		}
		twice += max(seen[n]-1, 0)
	}
	return missing, twice
}

func onlySealed(b []byte) bool { return sealed.Is(b) }

// TestMediaMovesToSealedDatagramsAndBack: by QUIC first, by sealed datagrams once they
// arrive, by QUIC when they stop, and back. No packet comes twice; what is lost at the
// moment of the fall is less than the time it takes to doubt.
func TestMediaMovesToSealedDatagramsAndBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWAN(40*time.Millisecond, 0)
		s, v := &studio{}, &viewer{}
		_, fra, iad := bubble(t, w, withTracks(s))
		if _, err := iad.Subscribe(t.Context(), "fra", track("cam"), v); err != nil {
			t.Fatal(err)
		}
		path := func() string { return fra.Links()[0].Path.State }
		var last uint16
		film(s, &last, 2*time.Second)
		if path() != "up" {
			t.Fatalf("path %s", path())
		}
		w.setDrop(onlySealed)
		fell := last
		film(s, &last, 2*time.Second)
		if path() != "down" {
			t.Errorf("path %s with nothing sealed arriving", path())
		}
		w.setDrop(nil)
		film(s, &last, 4*time.Second)
		if path() != "up" {
			t.Errorf("path %s after healing", path())
		}
		time.Sleep(time.Second)
		missing, twice := missingFrom(v, last)
		if twice > 0 {
			t.Errorf("%d packets came twice", twice)
		}
		for _, n := range missing {
			if n <= fell-20 || n > fell+70 {
				t.Errorf("packet %d is missing, the fall was at %d", n, fell)
			}
		}
		if got := counter(t, fra, "meridian_relay_sealed_fallen_total", ""); got != 1 {
			t.Errorf("%v falls counted", got)
		}
		if got := iad.Links()[0].Received["video"].Packets; got != uint64(last)-uint64(len(missing)) {
			t.Errorf("counted %d of %d packets, %d are missing", got, last, len(missing))
		}
		closeBoth(t, fra, iad)
	})
}

func closeBoth(t *testing.T, nodes ...*node) {
	t.Helper()
	for _, n := range nodes {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestPeerWithoutSealedDatagramsGoesOn: an older build sets no capability.
func TestPeerWithoutSealedDatagramsGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWAN(20*time.Millisecond, 0)
		var looked atomic.Int64
		w.setDrop(func(b []byte) bool {
			if sealed.Is(b) {
				looked.Add(1)
			}
			return false
		})
		s, v := &studio{}, &viewer{}
		_, fra, iad := bubble(t, w, withTracks(s), func(c *Config) {
			if c.Self == "iad" {
				c.tuning = defaultTuning()
				c.tuning.plain = true
			}
		})
		if _, err := iad.Subscribe(t.Context(), "fra", track("cam"), v); err != nil {
			t.Fatal(err)
		}
		var last uint16
		film(s, &last, 2*time.Second)
		time.Sleep(time.Second)
		if missing, twice := missingFrom(v, last); len(missing) > 0 || twice > 0 {
			t.Errorf("missing %v, %d twice", missing, twice)
		}
		if state := fra.Links()[0].Path.State; state != "none" || looked.Load() != 0 {
			t.Errorf("path %s, %d sealed datagrams", state, looked.Load())
		}
		closeBoth(t, fra, iad)
	})
}

// TestStrangersCostLittleAndHarmNothing: forged datagrams, with the tag of a path or any.
func TestStrangersCostLittleAndHarmNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWAN(20*time.Millisecond, 0)
		s, v := &studio{}, &viewer{}
		_, fra, iad := bubble(t, w, withTracks(s))
		if _, err := iad.Subscribe(t.Context(), "fra", track("cam"), v); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		before := counter(t, iad, "meridian_relay_sealed_refused_total", "")
		stranger := w.listen(9)
		var replay []byte
		w.setDrop(func(b []byte) bool {
			if sealed.Is(b) && replay == nil {
				replay = slices.Clone(b)
			}
			return false
		})
		var last uint16
		film(s, &last, 500*time.Millisecond)
		w.setDrop(nil)
		to, err := net.ResolveUDPAddr("udp", "10.0.0.2:4433")
		if err != nil {
			t.Fatal(err)
		}
		forged := make([]byte, 1200)
		forged[0] = 8
		guessed := slices.Clone(replay)
		guessed[60] ^= 1
		for range 100 {
			for _, b := range [][]byte{forged, guessed, replay} {
				if _, err := stranger.WriteTo(b, to); err != nil {
					t.Fatal(err)
				}
			}
		}
		film(s, &last, 500*time.Millisecond)
		time.Sleep(time.Second)
		if missing, twice := missingFrom(v, last); len(missing) > 0 || twice > 0 {
			t.Errorf("missing %v, %d twice", missing, twice)
		}
		if got := counter(t, iad, "meridian_relay_sealed_refused_total", "") - before; got < 300 || got > 310 {
			t.Errorf("%v of 300 refused", got)
		}
		closeBoth(t, fra, iad)
	})
}

// onSocket gives a node a real socket, with all that the kernel does for it.
func onSocket(t testing.TB, n *network, id geo.NodeID) func(*Config) {
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	n.place(id, conn.LocalAddr().String())
	return func(c *Config) { c.Conn = conn }
}

// TestRealSocketsCarryBoth: QUIC and sealed datagrams share a socket that cuts and joins.
func TestRealSocketsCarryBoth(t *testing.T) {
	n := newNetwork(t)
	s, r := &studio{}, &countingReceiver{}
	fra := n.startOn("fra", nil, onSocket(t, n, "fra"), withTracks(s))
	iad := n.startOn("iad", nil, onSocket(t, n, "iad"))
	if _, err := iad.Subscribe(context.Background(), "fra", track("cam"), r); err != nil {
		t.Fatal(err)
	}
	eventually(t, "path up", func() bool { return fra.Links()[0].Path.State == "up" })
	out := s.attached()[0]
	const packets = 300
	for i := range packets {
		out.Send(&wire.Media{SequenceNumber: uint16(i), Payload: make([]byte, 1100)})
		if i%10 == 9 { // a rate that is not known yet spreads more than that
			out.Flush()
			eventually(t, "the packets so far", func() bool { return r.count() == i+1 })
		}
	}
	if err := iad.Send("fra", "topic", make([]byte, 1<<20)); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the message", func() bool { return len(fra.heard()) == 1 })
}

// TestReaderTellsJoinedDatagramsApart: what the kernel joined is handed out one by one,
// QUIC's to QUIC, however few it takes at a time.
func TestReaderTellsJoinedDatagramsApart(t *testing.T) {
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	m := newMetrics(nil)
	u, ok := newSocket(conn, m).(*udpSocket)
	if !ok {
		t.Fatal("not a UDP socket")
	}
	size := 60
	var joined []byte
	for i := range 10 {
		b := make([]byte, size)
		if b[0] = 0x40; i%3 == 1 {
			b[0] = 0x08
		}
		b[1] = byte(i)
		joined = append(joined, b...)
	}
	joined = append(joined, 0x41, 10, 0) // a short one ends the run
	u.read = []ipv4.Message{
		{Buffers: [][]byte{joined}, N: len(joined), OOB: joinedOf(size), NN: len(joinedOf(size))},
		{Buffers: [][]byte{{0x42, 11}}, N: 2},
		{Buffers: [][]byte{nil}},
	}
	var got []byte
	ms := []ipv4.Message{{Buffers: [][]byte{make([]byte, 100)}}, {Buffers: [][]byte{make([]byte, 100)}}}
	for {
		n := u.hand(ms)
		if n == 0 {
			break
		}
		for _, m := range ms[:n] {
			got = append(got, m.Buffers[0][1])
		}
	}
	want := []byte{0, 2, 3, 5, 6, 8, 9, 10, 11}
	if joinedOf(size) == nil {
		want = nil // this system joins nothing
	}
	if want != nil && !slices.Equal(got, want) {
		t.Errorf("QUIC got %v, want %v", got, want)
	}
}
