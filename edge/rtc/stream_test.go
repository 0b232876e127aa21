package rtc

import (
	"bufio"
	"encoding/binary"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/stun/v4"

	"github.com/meridian-video/meridian/edge/sfu"
)

// pipes is a listener in memory.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newPipes() *pipes { return &pipes{conns: make(chan net.Conn), closed: make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { p.once.Do(func() { close(p.closed) }); return nil }
func (p *pipes) Addr() net.Addr { return net.TCPAddrFromAddrPort(nodeAddr) }

// from is a connection from an address.
type from struct {
	net.Conn
	addr netip.AddrPort
}

func (f from) RemoteAddr() net.Addr { return net.TCPAddrFromAddrPort(f.addr) }

// dial is the client's end of a new connection from an address.
func (p *pipes) dial(addr netip.AddrPort) *caller {
	near, far := net.Pipe()
	p.conns <- from{near, addr}
	return &caller{Conn: far, frames: bufio.NewReaderSize(far, streamBuffer)}
}

// caller is a client on a connection.
type caller struct {
	net.Conn
	frames *bufio.Reader
}

// say sends a frame. It reports no error: the node may have closed.
func (c *caller) say(b []byte) { _, _ = c.Write(appendFrame(nil, b)) }

// hangs says that the node has closed the connection.
func (c *caller) hangs(t *testing.T) {
	t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(time.Millisecond))
	if _, err := c.frames.Peek(1); err != io.EOF {
		t.Errorf("not closed: %v", err)
	}
}

// streamed is an engine in memory that takes TCP connections.
type streamed struct {
	*muxed
	pipes *pipes
}

// inStreams runs a test of one in a bubble.
func inStreams(t *testing.T, f func(*testing.T, *streamed)) {
	synctest.Test(t, func(t *testing.T) {
		s := &streamed{muxed: &muxed{duct: newDuct()}, pipes: newPipes()}
		s.Engine = newEngine(t, func(c *Config) {
			c.Media, c.Streams, c.ConnectTimeout, c.ConsentTimeout = s.duct, s.pipes, time.Hour, time.Hour
			c.Now = func() time.Duration { return time.Duration(s.now.Load()) }
		})
		f(t, s)
	})
}

// authentic is a check that the transport's agent answers.
func authentic(t *testing.T, tr *Transport, attrs ...stun.Setter) []byte {
	t.Helper()
	ufrag, pwd := tr.ICE()
	tr.mu.Lock()
	remote := tr.offer.ufrag
	tr.mu.Unlock()
	attrs = append(attrs, ice.PriorityAttr(1), ice.AttrControlling(1), stun.NewShortTermIntegrity(pwd), stun.Fingerprint)
	return request(t, ufrag+":"+remote, attrs...)
}

// accept is a transport that waits for a client.
func (s *streamed) accept(t *testing.T) *Transport {
	t.Helper()
	tr, err := s.Accept(t.Context(), Offer{SDP: load(t, "whip.sdp")})
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

// ended counts the connections that closed because of a cause.
func (s *streamed) ended(t *testing.T, cause string) int {
	t.Helper()
	return counted(t, s.metrics.streams.WithLabelValues(cause))
}

// prove has the client of tr prove itself on c.
func (c *caller) prove(t *testing.T, tr *Transport, attrs ...stun.Setter) {
	t.Helper()
	c.say(authentic(t, tr, attrs...))
	c.answered(t)
}

func (c *caller) answered(t *testing.T) {
	t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(time.Second))
	if b, err := readFrame(c.frames); err != nil || !isBinding(b, stunSuccess) {
		t.Fatalf("%x, %v instead of an answer", b, err)
	}
}

func TestStreamBeginsWithACheck(t *testing.T) {
	indication, err := stun.Build(stun.TransactionID, stun.NewType(stun.MethodBinding, stun.ClassIndication))
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		frame []byte
		cause string
	}{
		"handshake":     {[]byte{22, 254, 253, 0}, "stranger"},
		"media":         {[]byte{0x80, 96, 0, 1}, "stranger"},
		"one byte":      {[]byte{0}, "stranger"},
		"unknown ufrag": {request(t, "nobody:x"), "stranger"},
		"indication":    {indication.Raw, "stranger"},
		"long":          {make([]byte, maxPacket+1), "long_frame"},
	} {
		t.Run(name, func(t *testing.T) {
			inStreams(t, func(t *testing.T, s *streamed) {
				s.accept(t)
				c := s.pipes.dial(alice)
				go c.say(test.frame)
				synctest.Wait()
				c.hangs(t)
				if n := s.ended(t, test.cause); n != 1 || s.openStreams() != 0 {
					t.Errorf("%d closed as %s, %d open", n, test.cause, s.openStreams())
				}
			})
		})
	}
}

func TestStreamHasTenSecondsToProveItself(t *testing.T) {
	for name, say := range map[string]func(*testing.T, *caller, *Transport){
		"silent":        func(*testing.T, *caller, *Transport) {},
		"empty frames":  func(_ *testing.T, c *caller, _ *Transport) { c.say(nil) },
		"half a length": func(_ *testing.T, c *caller, _ *Transport) { _, _ = c.Write([]byte{0}) },
		"wrong password": func(t *testing.T, c *caller, tr *Transport) {
			ufrag, _ := tr.ICE()
			c.say(request(t, ufrag+":x", stun.NewShortTermIntegrity("wrong"), stun.Fingerprint))
		},
	} {
		t.Run(name, func(t *testing.T) {
			inStreams(t, func(t *testing.T, s *streamed) {
				tr := s.accept(t)
				c := s.pipes.dial(alice)
				say(t, c, tr)
				time.Sleep(proofTime - time.Millisecond)
				if s.openStreams() != 1 {
					t.Error("closed too early")
				}
				time.Sleep(time.Millisecond)
				synctest.Wait()
				c.hangs(t)
				if n := s.ended(t, "unproven"); n != 1 {
					t.Errorf("%d closed as unproven", n)
				}
			})
		})
	}
}

func TestStreamIsHeardOnceProven(t *testing.T) {
	inStreams(t, func(t *testing.T, s *streamed) {
		tr := s.accept(t)
		record := []byte{22, 254, 253, 0}
		records := func() int { synctest.Wait(); return tr.pipe.Load().records.Count() }
		c := s.pipes.dial(alice)
		ufrag, _ := tr.ICE()
		c.say(request(t, ufrag+":x", stun.NewShortTermIntegrity("wrong")))
		c.say(record)
		if n := records(); n != 0 {
			t.Fatalf("%d records of a connection that has proved nothing", n)
		}
		c.prove(t, tr)
		c.say(record)
		if n := records(); n != 1 {
			t.Fatalf("%d records", n)
		}
		s.mux.datagram(record, alice, s.mux.sockets[0]) // the UDP address of the same name
		if n := records(); n != 1 || counted(t, s.metrics.stranger) != 2 {
			t.Errorf("%d records, %d dropped", n, counted(t, s.metrics.stranger))
		}
		time.Sleep(idleTime - time.Second)
		c.say(nil)
		c.say(record)
		time.Sleep(idleTime - time.Millisecond)
		if s.openStreams() != 1 {
			t.Error("closed though not silent")
		}
		time.Sleep(2 * time.Millisecond)
		if n := s.ended(t, "idle"); n != 1 {
			t.Error("not closed though silent")
		}
	})
}

// TestStreamStaysWithItsTransport has the client of one transport ask for
// another on its connection.
func TestStreamStaysWithItsTransport(t *testing.T) {
	inStreams(t, func(t *testing.T, s *streamed) {
		mine, other := s.accept(t), s.accept(t)
		c := s.pipes.dial(alice)
		c.prove(t, mine)
		s.now.Add(int64(holdsAddr)) // a UDP address could be taken over now
		c.say(authentic(t, other))
		c.prove(t, mine)
		if other.door.stream(alice) != nil || mine.door.stream(alice) == nil {
			t.Error("the connection went over")
		}
	})
}

// TestAnAddressIsOfOneProtocol to a transport, while another may have it by
// the other protocol.
func TestAnAddressIsOfOneProtocol(t *testing.T) {
	inStreams(t, func(t *testing.T, s *streamed) {
		tr, other := s.accept(t), s.accept(t)
		udp := func(tr *Transport, from netip.AddrPort) {
			s.duct.in <- check{authentic(t, tr), from}
			synctest.Wait()
		}
		udp(tr, alice)
		if s.owner(alice) != tr.door {
			t.Fatal("not admitted")
		}
		refused := s.pipes.dial(alice)
		refused.say(authentic(t, tr))
		synctest.Wait()
		refused.hangs(t)

		c := s.pipes.dial(bob)
		c.prove(t, tr)
		udp(tr, bob)
		if s.owner(bob) != nil {
			t.Error("a stream's address was admitted by UDP")
		}
		udp(other, bob)
		if s.owner(bob) != other.door {
			t.Error("a stream kept another's UDP address")
		}
		c.prove(t, tr)
	})
}

func TestStreamsOfOneClientAreBounded(t *testing.T) {
	inStreams(t, func(t *testing.T, s *streamed) {
		tr := s.accept(t)
		at := func(i int) netip.AddrPort { return netip.AddrPortFrom(alice.Addr(), uint16(1000+i)) }
		var all []*caller
		for i := range maxAddrs {
			all = append(all, s.pipes.dial(at(i)))
			all[i].prove(t, tr)
		}
		more := s.pipes.dial(at(maxAddrs))
		more.say(authentic(t, tr))
		synctest.Wait()
		more.hangs(t)
		_ = all[3].Close()
		synctest.Wait()
		s.pipes.dial(at(maxAddrs)).prove(t, tr)
		if n := len(tr.door.streams); n != maxAddrs {
			t.Errorf("%d streams", n)
		}
	})
}

func TestUnprovenStreamsAreBounded(t *testing.T) {
	inStreams(t, func(t *testing.T, s *streamed) {
		tr := s.accept(t)
		for i := range maxUnprovenFrom {
			s.pipes.dial(netip.AddrPortFrom(alice.Addr(), uint16(i+1)))
		}
		synctest.Wait()
		s.pipes.dial(alice).hangs(t)
		synctest.Wait()
		if n := s.ended(t, "crowded"); n != 1 {
			t.Errorf("%d refused", n)
		}
		s.pipes.dial(bob).prove(t, tr)
		time.Sleep(proofTime)
		synctest.Wait()
		if s.openStreams() != 1 || s.streams.unproven != 0 || len(s.streams.from) != 0 {
			t.Errorf("%d open, %d unproven of %d", s.openStreams(), s.streams.unproven, len(s.streams.from))
		}
		network := netip.MustParsePrefix("2001:db8:0:1::/64").Addr().As16()
		for i := range maxUnprovenFrom {
			network[15] = byte(i) // one client may have all of a network
			s.pipes.dial(netip.AddrPortFrom(netip.AddrFrom16(network), 1))
		}
		synctest.Wait()
		network[14] = 1
		s.pipes.dial(netip.AddrPortFrom(netip.AddrFrom16(network), 1)).hangs(t)
	})
}

// TestAStuckReaderCostsNobodyElse has a client that does not read be sent more
// than fits.
func TestAStuckReaderCostsNobodyElse(t *testing.T) {
	inStreams(t, func(t *testing.T, s *streamed) {
		tr := s.accept(t)
		c := s.pipes.dial(alice)
		c.prove(t, tr)
		stream := tr.door.stream(alice)
		began := time.Now()
		sent := 0
		for i := range uint32(1000) {
			b := make([]byte, 1200)
			binary.BigEndian.PutUint32(b, i)
			if stream.send(b, queueSize) {
				sent++
			}
			if i == 0 {
				synctest.Wait() // it is being written
			}
		}
		if most := 1 + queueSize/1202; time.Since(began) != 0 || sent > most || sent < most-1 {
			t.Fatalf("%d packets were taken, in %v", sent, time.Since(began))
		}
		if n := counted(t, s.metrics.streamFull); n != 1000-sent {
			t.Errorf("%d counted as dropped, were %d", n, 1000-sent)
		}
		if !stream.send(make([]byte, 1200), queueSize+queueReserve) {
			t.Error("no room is left for what is not media")
		}
		time.Sleep(stuckTime)
		synctest.Wait()
		if n := s.ended(t, "stuck"); n != 1 || stream.send(nil, queueSize) {
			t.Errorf("%d closed as stuck", n)
		}
	})
}

// TestASlowReaderGetsWholePackets reads now and then while packets of all sizes
// are sent: what arrives is whole and in order.
func TestASlowReaderGetsWholePackets(t *testing.T) {
	inStreams(t, func(t *testing.T, s *streamed) {
		tr := s.accept(t)
		c := s.pipes.dial(alice)
		c.prove(t, tr)
		stream := tr.door.stream(alice)
		var taken []uint32
		done := make(chan []uint32)
		go func() {
			var got []uint32
			_ = c.SetReadDeadline(time.Time{})
			for {
				b, err := readFrame(c.frames)
				if err != nil {
					done <- got
					return
				}
				n := binary.BigEndian.Uint32(b)
				got = append(got, n)
				if len(b) != int(4+n%1400) || !wholly(b[4:], byte(n)) {
					t.Errorf("packet %d has %d bytes", n, len(b))
				}
				if n%7 == 0 {
					time.Sleep(time.Duration(n%100) * time.Millisecond)
				}
			}
		}()
		rnd := rand.New(rand.NewPCG(1, 2))
		for i := range uint32(3000) {
			b := make([]byte, 4+i%1400)
			for j := range b {
				b[j] = byte(i)
			}
			binary.BigEndian.PutUint32(b, i)
			if stream.send(b, queueSize) {
				taken = append(taken, i)
			}
			if rnd.IntN(20) == 0 {
				time.Sleep(time.Duration(rnd.IntN(20)) * time.Millisecond)
			}
		}
		time.Sleep(5 * time.Second)
		tr.Close(nil)
		got := <-done
		if len(taken) == 3000 || len(taken) < 100 || !slices.Equal(got, taken) {
			t.Errorf("%d were queued, %d arrived", len(taken), len(got))
		}
	})
}

func wholly(b []byte, v byte) bool {
	return !slices.ContainsFunc(b, func(x byte) bool { return x != v })
}

// TestPacketsFollowBetweenUDPAndTCP has the client choose one and the other,
// and connect again from the port that is in use.
func TestPacketsFollowBetweenUDPAndTCP(t *testing.T) {
	inStreams(t, func(t *testing.T, s *streamed) {
		tr := s.accept(t)
		goes := func(want string) {
			t.Helper()
			synctest.Wait()
			if got := tr.Stats().Protocol; got != want {
				t.Errorf("packets go by %q, not %q", got, want)
			}
		}
		udp := func() { s.duct.in <- check{authentic(t, tr, ice.UseCandidate()), bob} }
		hears := func(c *caller) {
			t.Helper()
			if !tr.write([]byte{0x80, 200, 0, 1}) {
				t.Error("nothing was sent")
			}
			if b, err := readFrame(c.frames); err != nil || len(b) != 4 {
				t.Errorf("%x, %v", b, err)
			}
		}
		goes("")
		c := s.pipes.dial(alice)
		c.prove(t, tr)
		goes("") // not chosen
		c.prove(t, tr, ice.UseCandidate())
		goes("tcp")
		hears(c)
		udp()
		goes("udp")
		sent := len(s.duct.out)
		if tr.write([]byte{1}); len(s.duct.out) != sent+1 {
			t.Error("not sent by UDP")
		}
		c.prove(t, tr, ice.UseCandidate())
		goes("tcp")
		_ = c.Close()
		synctest.Wait()
		if tr.write([]byte{1}) {
			t.Error("sent on a closed connection")
		}
		c = s.pipes.dial(alice)
		c.prove(t, tr, ice.UseCandidate())
		goes("tcp")
		hears(c)
		udp()
		goes("udp")
		tr.Close(nil)
		<-tr.Done()
		synctest.Wait()
		c.hangs(t)
	})
}

// TestBatchesGoByStreamsToo sends one wave to a client on UDP and one on TCP.
func TestBatchesGoByStreamsToo(t *testing.T) {
	inStreams(t, func(t *testing.T, s *streamed) {
		tr := s.accept(t)
		c := s.pipes.dial(alice)
		c.prove(t, tr)
		near, far := slotTo(t, s.Engine, net.UDPAddrFromAddrPort(bob)), slotTo(t, s.Engine, net.UDPAddrFromAddrPort(alice))
		far.t.peer.Store(&peer{addr: net.UDPAddrFromAddrPort(alice), stream: tr.door.stream(alice)})
		b := s.NewBatch()
		sent := len(s.duct.out)
		const packets = 100
		for seq := range uint16(packets) {
			for _, d := range []*down{near, far} {
				d.Send(&sfu.Packet{Codec: sfu.VP8, SequenceNumber: seq, Payload: plainText(seq, 300), AudioLevel: sfu.NoAudioLevel}, b)
			}
		}
		b.Flush()
		if n := len(s.duct.out) - sent; n != packets {
			t.Errorf("%d packets by UDP", n)
		}
		for seq := range uint16(packets) {
			frame, err := readFrame(c.frames)
			if err != nil || binary.BigEndian.Uint16(frame[2:]) != seq {
				t.Fatalf("packet %d: %x, %v", seq, frame, err)
			}
		}
		if out := counted(t, s.metrics.out.packets); out != 2*packets {
			t.Errorf("%d packets counted", out)
		}
	})
}

// FuzzStream has a client say anything, before and after it has proved itself.
func FuzzStream(f *testing.F) {
	f.Add(request(f, "aaaa:x"), true)
	f.Add([]byte{22, 254, 253, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, true)
	f.Add([]byte{0x80, 200, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0}, false)
	e, err := New(Config{Media: newDuct(), ConnectTimeout: time.Hour})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = e.Close() })
	tr, err := e.Accept(f.Context(), Offer{SDP: load(f, "whip.sdp")})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, b []byte, proven bool) {
		near, far := net.Pipe()
		defer far.Close()
		s := newStream(near, alice, e.mux, func(*stream) {})
		if proven {
			s.door = tr.door
			s.prove()
		}
		s.frame(slices.Clone(b))
		if s.door != nil && s.door != tr.door {
			t.Error("of a transport that does not exist")
		}
		s.end(errEnded)
		if err := s.serve(); err != errEnded {
			t.Error(err)
		}
	})
}
