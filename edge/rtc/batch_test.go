package rtc

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/srtp/v3"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/net/ipv4"

	"github.com/meridian-video/meridian/edge/sfu"
)

// testKeys are keys as DTLS leaves them.
func testKeys(t testing.TB, profile srtp.ProtectionProfile) *keys {
	t.Helper()
	k := &keys{profile: profile}
	k.config.Profile = profile
	n, err := profile.SaltLen()
	if err != nil {
		t.Fatal(err)
	}
	k.config.Keys.LocalMasterKey = bytes.Repeat([]byte{7}, 16)
	k.config.Keys.LocalMasterSalt = bytes.Repeat([]byte{9}, n)
	if err := k.arm(); err != nil {
		t.Fatal(err)
	}
	return k
}

// slotTo is a slot of a transport that is connected to addr.
func slotTo(t testing.TB, e *Engine, addr net.Addr) *down {
	t.Helper()
	tr := &Transport{engine: e, door: newDoor(e.mux)}
	tr.keys.Store(testKeys(t, srtp.ProtectionProfileAeadAes128Gcm))
	tr.peer.Store(&peer{addr: addr.(*net.UDPAddr)})
	d := &down{t: tr, ssrc: 5, mid: "1", repeats: true}
	d.payloads[sfu.VP8] = payloadFormat{codec: sfu.VP8, pt: 96}
	d.ext[extMID] = extmap{id: 4}
	return d
}

// opener is a client that opens what it gets on a socket.
type opener struct {
	*net.UDPConn
	in *srtp.Context
}

func newOpener(t testing.TB, network string, ip net.IP) *opener {
	t.Helper()
	c, err := net.ListenUDP(network, &net.UDPAddr{IP: ip})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	k := testKeys(t, srtp.ProtectionProfileAeadAes128Gcm)
	in, err := srtp.CreateContext(k.config.Keys.LocalMasterKey, k.config.Keys.LocalMasterSalt, k.profile)
	if err != nil {
		t.Fatal(err)
	}
	return &opener{c, in}
}

// next returns the number and payload of the next packet.
func (o *opener) next(t testing.TB) (uint16, []byte) {
	t.Helper()
	if err := o.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, maxPacket)
	n, err := o.Read(buf)
	if err != nil {
		t.Fatal(err)
	}
	var h rtp.Header
	plain, err := o.in.DecryptRTP(nil, buf[:n], &h)
	if err != nil {
		t.Fatal(err)
	}
	return h.SequenceNumber, plain[h.MarshalSize():]
}

// counted is a counter's value.
func counted(t testing.TB, c prometheus.Collector) int {
	t.Helper()
	reg := prometheus.NewRegistry()
	reg.MustRegister(c)
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	return int(families[0].GetMetric()[0].GetCounter().GetValue())
}

var loopback = net.IPv4(127, 0, 0, 1)

func plainText(seq uint16, n int) []byte { return bytes.Repeat([]byte{byte(seq)}, n) }

func TestBatchArrivesInOrder(t *testing.T) {
	e := newEngine(t)
	b := e.NewBatch()
	var clients []*opener
	var slots []*down
	for range 5 {
		c := newOpener(t, "udp4", loopback)
		clients, slots = append(clients, c), append(slots, slotTo(t, e, c.LocalAddr()))
	}
	// 5 × 40 packets are more than a batch holds; sizes form runs of all kinds.
	size := func(seq uint16) int { return 200 + int(seq/7%3)*100 }
	for seq := range uint16(40) {
		for _, d := range slots {
			d.Send(&sfu.Packet{Codec: sfu.VP8, SequenceNumber: seq, Payload: plainText(seq, size(seq)), AudioLevel: sfu.NoAudioLevel}, b)
		}
	}
	b.Flush()
	for i, c := range clients {
		for seq := range uint16(40) {
			got, text := c.next(t)
			if got != seq || !bytes.Equal(text, plainText(seq, size(seq))) {
				t.Fatalf("client %d: number %d, %d bytes; want %d, %d bytes", i, got, len(text), seq, size(seq))
			}
		}
	}
}

func TestRunsToOneClientAreCutAgain(t *testing.T) {
	e := newEngine(t)
	c := newOpener(t, "udp4", loopback)
	d, b := slotTo(t, e, c.LocalAddr()), e.NewBatch()
	sizes := []int{1000, 1000, 1000, 500, 500, 1000, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1200, 1300, 1300}
	for i, n := range sizes {
		d.Send(&sfu.Packet{Codec: sfu.VP8, SequenceNumber: uint16(i), Payload: plainText(uint16(i), n), AudioLevel: sfu.NoAudioLevel}, b)
	}
	if w := b.(*batch).wave; e.mux.sockets[0].segments.Load() && w.n >= len(sizes)/2 {
		t.Errorf("%d packets in %d messages", len(sizes), w.n)
	}
	b.Flush()
	for i, n := range sizes {
		if seq, text := c.next(t); seq != uint16(i) || len(text) != n {
			t.Fatalf("number %d of %d bytes; want %d of %d", seq, len(text), i, n)
		}
	}
}

func TestSendWithoutBatch(t *testing.T) {
	e, other := newEngine(t), newEngine(t)
	c := newOpener(t, "udp4", loopback)
	d := slotTo(t, e, c.LocalAddr())
	for i, b := range []sfu.Batch{nil, other.NewBatch(), foreign{}} {
		d.Send(&sfu.Packet{Codec: sfu.VP8, SequenceNumber: uint16(i), Payload: plainText(1, 10), AudioLevel: sfu.NoAudioLevel}, b)
		if seq, _ := c.next(t); seq != uint16(i) {
			t.Fatalf("number %d, want %d", seq, i)
		}
	}
}

type foreign struct{}

func (foreign) Flush() {}

func TestBothFamiliesInOneBatch(t *testing.T) {
	media, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv6unspecified})
	if err != nil {
		t.Fatal(err)
	}
	e := newEngine(t, func(c *Config) {
		c.Media = media
		c.Announce = []netip.AddrPort{netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), addrPort(media.LocalAddr()).Port())}
	})
	b := e.NewBatch()
	for _, c := range []*opener{newOpener(t, "udp4", loopback), newOpener(t, "udp6", net.IPv6loopback)} {
		d := slotTo(t, e, c.LocalAddr())
		d.Send(&sfu.Packet{Codec: sfu.VP8, SequenceNumber: 1, Payload: plainText(1, 100), AudioLevel: sfu.NoAudioLevel}, b)
		defer c.next(t)
	}
	b.Flush()
}

// picky is a wire that refuses packets as it is told.
type picky struct {
	net.PacketConn
	mu     sync.Mutex
	calls  int
	refuse func(m *ipv4.Message) error
	took   []string
}

func (p *picky) ReadBatch(ms []ipv4.Message, f int) (int, error) {
	return plain{p.PacketConn}.ReadBatch(ms, f)
}

func (p *picky) WriteBatch(ms []ipv4.Message, _ int) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls++
	for i := range ms {
		if err := p.refuse(&ms[i]); err != nil {
			if i > 0 || errors.Is(err, errSilent) {
				return i, nil
			}
			return -1, err // as a failed system call leaves it
		}
		p.took = append(p.took, ms[i].Addr.String())
	}
	return len(ms), nil
}

func TestBatchAndErrors(t *testing.T) {
	at := func(i int) string { return fmt.Sprintf("192.0.2.%d:9", i) }
	for _, test := range []struct {
		name   string
		refuse map[int]error // by the client's number
		lost   []int
		calls  int
	}{
		{"none", nil, nil, 1},
		{"first", map[int]error{0: syscall.ENETUNREACH}, []int{0}, 2},
		{"middle", map[int]error{4: syscall.EINVAL}, []int{4}, 3},
		{"several", map[int]error{2: syscall.EPERM, 3: syscall.EPERM, 9: syscall.EMSGSIZE}, []int{2, 3, 9}, 5},
		{"full", map[int]error{7: syscall.EAGAIN}, []int{7, 8, 9}, 2},
		{"no room", map[int]error{0: syscall.ENOBUFS}, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, 1},
		{"closed", map[int]error{5: net.ErrClosed}, []int{5, 6, 7, 8, 9}, 2},
		{"silent", map[int]error{0: errSilent}, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := &picky{PacketConn: listenUDP(t)}
			byAddr := make(map[string]error)
			for i, err := range test.refuse {
				byAddr[at(i)] = err
			}
			p.refuse = func(m *ipv4.Message) error { return byAddr[m.Addr.String()] }
			e := newEngine(t, func(c *Config) { c.Media = p })
			b := e.NewBatch()
			want := make(map[string]bool)
			for i := range 10 {
				a := net.UDPAddrFromAddrPort(netip.MustParseAddrPort(at(i)))
				slotTo(t, e, a).Send(&sfu.Packet{Codec: sfu.VP8, Payload: plainText(1, 50), AudioLevel: sfu.NoAudioLevel}, b)
				want[at(i)] = true
			}
			for _, i := range test.lost {
				delete(want, at(i))
			}
			b.Flush()
			for _, a := range p.took {
				if !want[a] {
					t.Errorf("%s got a packet, or two", a)
				}
				delete(want, a)
			}
			if len(want) > 0 {
				t.Errorf("%v got none", want)
			}
			if p.calls != test.calls {
				t.Errorf("%d calls, want %d", p.calls, test.calls)
			}
			m := e.mux.metrics
			if lost := counted(t, m.socketFull) + counted(t, m.undeliverable); lost != len(test.lost) {
				t.Errorf("%d counted as lost, want %d", lost, len(test.lost))
			}
			if sent := counted(t, m.batched); sent != 10-len(test.lost) {
				t.Errorf("%d counted as sent", sent)
			}
			if b.(*batch).wave != nil {
				t.Error("an idle batch holds memory")
			}
		})
	}
}

// errSilent has the wire take nothing and say nothing.
var errSilent = errors.New("silent")

// TestBatchesUnderStress has tracks send from several goroutines while
// clients move and leave.
func TestBatchesUnderStress(t *testing.T) {
	e := newEngine(t)
	c := newOpener(t, "udp4", loopback)
	here := c.LocalAddr().(*net.UDPAddr)
	var wg sync.WaitGroup
	for range 4 {
		var slots []*down
		for range 20 {
			slots = append(slots, slotTo(t, e, here))
		}
		stop := make(chan struct{})
		wg.Go(func() {
			for i := range 2000 {
				p := &peer{addr: here, solo: i%3 == 0}
				if i%5 == 0 {
					p = nil
				}
				slots[i%len(slots)].t.peer.Store(p)
			}
			close(stop)
		})
		wg.Go(func() {
			b := e.NewBatch()
			for seq := uint16(0); ; seq++ {
				for _, d := range slots {
					d.Send(&sfu.Packet{Codec: sfu.VP8, SequenceNumber: seq, Payload: plainText(seq, int(seq)%1300), AudioLevel: sfu.NoAudioLevel}, b)
				}
				b.Flush()
				select {
				case <-stop:
					return
				default:
				}
			}
		})
	}
	wg.Wait()
	m := e.mux.metrics
	if out, sent := counted(t, m.out.packets), counted(t, m.batched)+counted(t, m.socketFull)+counted(t, m.undeliverable); out != sent || out == 0 {
		t.Errorf("%d packets went out, %d are accounted for", out, sent)
	}
}
