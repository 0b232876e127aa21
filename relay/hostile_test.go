package relay

import (
	"context"
	"encoding/binary"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/quic-go/quic-go"

	"github.com/meridian-video/meridian/relay/wire"
)

// impostor makes a control connection from n to a peer without a link behind it, to send
// what a Mesh never would.
func impostor(t *testing.T, n *node, to *node) (*quic.Conn, *quic.Stream) {
	t.Helper()
	p, err := n.peer(to.cfg.Self)
	if err != nil {
		t.Fatal(err)
	}
	hello := n.hello()
	hello.Role, hello.Session = wire.RoleControl, 1
	at, err := n.address(p)
	if err != nil {
		t.Fatal(err)
	}
	conn, stream, _, err := n.dialConn(t.Context(), p, at, hello)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.closeConn(conn, closeShutdown, "end of test") })
	eventually(t, "link up", func() bool { return len(to.seen())%2 == 1 })
	return conn, stream
}

func TestGarbageEndsItsStreamOnly(t *testing.T) {
	n := newNetwork(t)
	fra, iad := n.start("fra", withTracks(&studio{})), n.start("iad")
	conn, _ := impostor(t, iad, fra)
	overlong := wire.AppendBundleHeader(nil, wire.ClassVideo, 0)
	for len(overlong) <= wire.MaxBundle {
		overlong = wire.AppendMedia(overlong, 1, &wire.Media{Payload: make([]byte, 1000)})
	}
	bundles := [][]byte{{0xff}, {1, 0, 0, 0, 0, 0xc0, 0, 0}, []byte("GET / HTTP/1.1\r\n\r\n"), overlong}
	for _, b := range bundles {
		stream, err := conn.OpenUniStream()
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(stream.TryWriteAll(b), stream.Close()); err != nil {
			t.Fatal(err)
		}
	}
	frames := [][]byte{
		{byte(wire.TypeSubscribe), 0xff, 0xff, 0xff, 0xff},
		{byte(wire.TypeSubscribe), 0, 0, 0, 2, 1, 2},
		{byte(wire.TypeCall), 0, 0, 0, 1, 9},
		{0x7f, 0, 0, 0, 0},
		wire.AppendSubscribe(nil, 1<<31, track("cam")),
	}
	for _, b := range frames {
		stream, err := conn.OpenStream()
		if err != nil {
			t.Fatal(err)
		}
		if err := stream.TryWriteAll(b); err != nil {
			t.Fatal(err)
		}
		var one [1]byte
		var reset *quic.StreamError
		if _, err := stream.Read(one[:]); !errors.As(err, &reset) {
			t.Errorf("stream with % x: %v", b[:5], err)
		}
	}
	want := float64(len(bundles) + len(frames))
	eventually(t, "all counted", func() bool { return counter(t, fra, "meridian_relay_malformed_total", "") == want })
	if got := fra.seen(); len(got) != 1 {
		t.Errorf("link changes %v", got)
	}
}

func TestGarbageOnControlEndsTheLink(t *testing.T) {
	n := newNetwork(t)
	fra, iad := n.start("fra"), n.start("iad")
	for _, garbage := range [][]byte{
		{byte(wire.TypePing), 0xff, 0, 0, 0},
		{byte(wire.TypePing), 0, 0, 0, 1, 0},
		{0x33, 0, 0, 0, 0},
		wire.AppendHello(nil, wire.Hello{}),
	} {
		changes := len(fra.seen())
		conn, stream := impostor(t, iad, fra)
		if err := stream.TryWriteAll(garbage); err != nil {
			t.Fatal(err)
		}
		eventually(t, "link down", func() bool { return len(fra.seen()) == changes+2 })
		var app *quic.ApplicationError
		if <-conn.Context().Done(); !errors.As(context.Cause(conn.Context()), &app) || app.ErrorCode != closeProtocol {
			t.Errorf("closed with %v", context.Cause(conn.Context()))
		}
	}
}

func TestUnknownFramesThatMayBeSkippedAre(t *testing.T) {
	n := newNetwork(t)
	fra, iad := n.start("fra"), n.start("iad")
	_, stream := impostor(t, iad, fra)
	if err := stream.TryWriteAll(append([]byte{0x80, 0, 0, 0, 2, 1, 2}, wire.AppendPing(nil, wire.Ping{Sequence: 5})...)); err != nil {
		t.Fatal(err)
	}
	for {
		frameType, body, err := wire.ReadFrame(stream, nil)
		if err != nil {
			t.Fatal(err)
		}
		if frameType == wire.TypePong {
			if sequence, err := wire.DecodePong(body); sequence != 5 || err != nil {
				t.Errorf("pong %d, %v", sequence, err)
			}
			return
		}
	}
}

func TestMediaConnectionNeedsItsSession(t *testing.T) {
	n := newNetwork(t)
	fra, iad := n.start("fra"), n.start("iad")
	impostor(t, iad, fra)
	p, err := iad.peer("fra")
	if err != nil {
		t.Fatal(err)
	}
	hello := iad.hello()
	hello.Role, hello.Session = wire.RoleMedia, 2
	at, err := iad.address(p)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, _, err := iad.dialConn(t.Context(), p, at, hello); !errors.Is(err, ErrNotMember) {
		t.Errorf("media connection of another session: %v", err)
	}
	if got := fra.Links()[0].Connections; got != 1 {
		t.Errorf("%d connections", got)
	}
}

// TestStaleMediaIsDropped cuts the sender off for less than it takes to die: what waited
// for longer than media is of use does not come afterwards.
func TestStaleMediaIsDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &studio{}
		_, fra, iad := bubble(t, newWAN(40*time.Millisecond, 0), withTracks(s))
		v := &aged{}
		if _, err := iad.Subscribe(t.Context(), "fra", track("cam"), v); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		v.start = start
		out := s.attached()[0]
		for i := range 250 {
			switch i {
			case 100:
				fra.conn.setMuted(true)
			case 160:
				fra.conn.setMuted(false)
			}
			b := make([]byte, 1000)
			binary.BigEndian.PutUint64(b, uint64(time.Since(start)))
			out.Send(&wire.Media{SequenceNumber: uint16(i), Payload: b})
			out.Flush()
			time.Sleep(20 * time.Millisecond)
		}
		time.Sleep(2 * time.Second)
		if got := iad.seen(); len(got) != 1 {
			t.Fatalf("link changes %v", got)
		}
		v.mu.Lock()
		defer v.mu.Unlock()
		if v.oldest > time.Second {
			t.Errorf("a packet came after %v", v.oldest)
		}
		if v.count < 180 {
			t.Errorf("only %d packets came", v.count)
		}
		if counter(t, fra, "meridian_relay_stale_bundles_total", "") == 0 {
			t.Error("nothing counted as stale")
		}
		if err := errors.Join(fra.Close(), iad.Close()); err != nil {
			t.Error(err)
		}
	})
}

// aged is a Receiver that notes how old packets were.
type aged struct {
	start time.Time

	mu     sync.Mutex
	oldest time.Duration
	count  int
}

func (a *aged) Media(p *wire.Media) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.count++
	a.oldest = max(a.oldest, time.Since(a.start)-time.Duration(binary.BigEndian.Uint64(p.Payload)))
}
func (a *aged) Report(wire.Report) {}
func (a *aged) Closed(error)       {}
