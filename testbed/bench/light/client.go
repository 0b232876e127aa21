//go:build linux

package light

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	mrand "math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/interceptor/pkg/twcc"
	"github.com/pion/srtp/v3"
	"github.com/pion/transport/v4/packetio"
)

// Options say how a client looks at what it gets.
type Options struct {
	// Sample decrypts every Sample-th packet on average; 1 is all of them, 0 is 50.
	Sample int
	// Listen plays the audio streams on paper and finds their gaps.
	Listen bool
	// Path, if set, is told where the server is and says where to send instead:
	// the near end of an emulated path.
	Path func(server netip.AddrPort) (netip.AddrPort, error)
}

// Client is one WebRTC client: make an offer or an answer, Connect, Close.
type Client struct {
	network    *Network
	lane       *lane
	number     uint32
	local      netip.AddrPort
	source     []byte // control message that carries local
	options    Options
	ufrag, pwd string
	tie        uint64
	self       uint32 // SSRC of feedback
	sections   []Section
	remote     *remote
	server     atomic.Pointer[netip.AddrPort]
	bounded    chan struct{} // closed by the first answer to a check
	packet     chan struct{} // closed by the first packet of media
	picture    chan struct{} // closed by the first keyframe
	records    *packetio.Buffer
	conn       *dtls.Conn

	mu         sync.Mutex // guards everything below
	in         *srtp.Context
	out        *srtp.Context // RTCP only: publishing has its own
	types      map[uint8]payloadType
	congestion uint8 // id of the transport-wide sequence number in what we receive
	streams    map[uint32]*stream
	recorder   *twcc.Recorder
	recorded   bool
	skip       int
	due        struct{ check, congestion, report time.Time }
	seen       Seen
	plain      []byte
	sealed     []byte
	encodings  map[uint32]*encoding // what we send, by SSRC
	offence    Offence
	harassed   time.Time
	early      []early // media that came before the keys
}

func newClient(o Options, n *Network, l *lane, number uint32, a netip.Addr) *Client {
	if o.Sample == 0 {
		o.Sample = 50
	}
	return &Client{
		network: n, lane: l, number: number, local: netip.AddrPortFrom(a, l.port), source: from(a), options: o,
		ufrag: rand.Text()[:8], pwd: rand.Text(), tie: mrand.Uint64(), self: mrand.Uint32() | 1,
		bounded: make(chan struct{}), packet: make(chan struct{}), picture: make(chan struct{}), records: packetio.NewBuffer(),
		streams: map[uint32]*stream{}, encodings: map[uint32]*encoding{}, types: map[uint8]payloadType{},
	}
}

// ssrc is that of one encoding of one section.
func (c *Client) ssrc(section, encoding int) uint32 {
	return uint32(c.tie)&^0xff | uint32(section<<2|encoding)&0xff
}

// Offer describes what the client wants to send and receive.
func (c *Client) Offer(sections ...Section) string {
	c.sections = sections
	return c.description(sections, nil)
}

// SetAnswer takes the answer to an offer.
func (c *Client) SetAnswer(text string) error {
	r, err := parseRemote(text)
	if err != nil {
		return err
	}
	if r.Setup == "active" {
		return fmt.Errorf("%w: it wants to be the DTLS client, which this one always is", errDescription)
	}
	return c.take(r)
}

// Answer takes an offer of a server that sends, and answers it.
func (c *Client) Answer(offer string) (string, error) {
	r, err := parseRemote(offer)
	if err != nil {
		return "", err
	}
	c.sections = make([]Section, len(r.Sections))
	return c.description(c.sections, r), c.take(r)
}

func (c *Client) take(r *remote) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range r.Sections {
		s := &r.Sections[i]
		for _, t := range s.Types {
			c.types[t.number] = t
		}
		if i < len(c.sections) && !c.sections[i].Send && s.has("transport-cc") {
			c.congestion = s.Extensions[congestionURI]
		}
	}
	if len(c.types) == 0 {
		return fmt.Errorf("%w: it takes neither Opus nor VP8", errDescription)
	}
	c.recorder = twcc.NewRecorder(c.self)
	c.remote = r
	return nil
}

// Connect does ICE and DTLS and returns when media can flow.
func (c *Client) Connect(ctx context.Context) error {
	if c.options.Path != nil {
		near, err := c.options.Path(c.remote.Candidates[0])
		if err != nil {
			return err
		}
		c.remote.Candidates = []netip.AddrPort{near}
	}
	c.mu.Lock()
	c.seen.Began = time.Now()
	c.due.check = c.seen.Began.Add(checkEvery)
	c.mu.Unlock()
	c.network.clients[c.number].Store(c)
	c.check()
	select {
	case <-c.bounded:
	case <-ctx.Done():
		return fmt.Errorf("no answer to connectivity checks from %v: %w", c.remote.Candidates, context.Cause(ctx))
	}
	if err := c.handshake(ctx); err != nil {
		return fmt.Errorf("DTLS with %v: %w", *c.server.Load(), err)
	}
	return nil
}

// Packet is closed when the first packet of media is here.
func (c *Client) Packet() <-chan struct{} { return c.packet }

// Picture is closed when the first packet of a keyframe is here.
func (c *Client) Picture() <-chan struct{} { return c.picture }

// Close ends the client.
func (c *Client) Close() {
	if c.conn != nil {
		_ = c.conn.Close() // says so to the server
	}
	_ = c.records.Close()
	c.network.forget(c)
	if c.lane.only == c {
		_ = c.lane.conn.Close()
	}
}

// answered notes where the server is.
func (c *Client) answered(at netip.AddrPort) {
	if c.server.CompareAndSwap(nil, &at) {
		c.mu.Lock()
		c.seen.Checked = time.Now()
		c.due.check = c.seen.Checked.Add(consentEvery)
		c.mu.Unlock()
		close(c.bounded)
	}
}

// source is where a datagram came from. Its address is made only when somebody
// asks: most datagrams are media.
type source struct{ net.Addr }

func (s source) addr() netip.AddrPort {
	u, ok := s.Addr.(*net.UDPAddr)
	if !ok {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(u.AddrPort().Addr().Unmap(), u.AddrPort().Port())
}

// datagram tells packets apart by their first byte (RFC 7983).
func (c *Client) datagram(b []byte, sender net.Addr, at time.Time) {
	if len(b) < 12 || c.remote == nil {
		return
	}
	switch first := b[0]; {
	case first < 4:
		c.bound(b, source{sender})
	case first >= 20 && first < 64:
		_, _ = c.records.Write(b)
	case first >= 128 && first < 192:
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.in == nil {
			c.keep(b, at)
			return
		}
		c.protected(b, at)
	}
}

// early is a packet that came before the keys. A browser finishes the handshake
// before it looks at the next datagram; here another goroutine does, so packets
// that follow the server's last flight must wait for it.
type early struct {
	b  []byte
	at time.Time
}

const maxEarly = 256

func (c *Client) keep(b []byte, at time.Time) {
	if len(c.early) < maxEarly {
		c.early = append(c.early, early{append([]byte(nil), b...), at})
	}
}

// protected takes SRTP or SRTCP. The caller holds c.mu.
func (c *Client) protected(b []byte, at time.Time) {
	if b[1] >= 192 && b[1] < 224 {
		c.control(b, at)
	} else {
		c.media(b, at)
	}
}

// errProfile is returned when the server picks another protection.
var errProfile = errors.New("the server did not agree to AEAD_AES_128_GCM")

func be16(b []byte) uint16 { return binary.BigEndian.Uint16(b) }
func be32(b []byte) uint32 { return binary.BigEndian.Uint32(b) }
