package rtc

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/ice/v4"

	"github.com/meridian-video/meridian/edge/sfu"
)

// Transport is one client's connection to the node. Its methods may be
// called from any goroutine; none waits for the network except Restart,
// which gathers local candidates.
type Transport struct {
	engine *Engine
	log    *slog.Logger
	limits Offer
	agent  *ice.Agent
	door   *door

	association association
	clock       *sfu.SourceClock
	ssrc        uint32 // of our feedback
	setup       string // our DTLS role

	ctx       context.Context
	cancel    context.CancelCauseFunc
	greeted   chan struct{} // closed at the client's first DTLS record
	proven    chan struct{} // closed at the client's first authentic packet
	alert     chan []byte   // DTLS records that came while DTLS was parked
	begin     sync.Once
	begun     chan struct{} // closed when it may connect
	connected chan struct{}
	done      chan struct{}
	started   time.Duration

	pair     atomic.Bool              // ICE has a pair of the current generation
	conn     atomic.Pointer[ice.Conn] // set when ICE has connected
	aim      sync.Mutex               // held while the pair is read and peer is set
	peer     atomic.Pointer[peer]     // where packets go; nil: nowhere
	keys     atomic.Pointer[keys]     // set when DTLS has finished
	routes   atomic.Pointer[routes]
	pipe     atomic.Pointer[recordPipe] // DTLS records on their way to pion/dtls; nil while parked
	counts   counts
	rtt      atomic.Int64
	feedback feedback // transport-wide congestion control of what arrives
	egress   egress   // and of what leaves
	debt     debt     // towards egress
	due      time.Duration

	// mu guards what offers change. Nothing of the packet path takes it.
	mu    sync.Mutex
	offer *offer
	local local
	ups   []*up
	downs []*down
	cname string
}

// counts are of RTP packets and their bytes.
type counts struct{ packetsIn, packetsOut, bytesIn, bytesOut atomic.Uint64 }

func newTransport(e *Engine, in Offer, o *offer) (*Transport, error) {
	d := newDoor(e.mux)
	agent, err := ice.NewAgentWithOptions(
		ice.WithICELite(true),
		ice.WithCandidateTypes([]ice.CandidateType{ice.CandidateTypeHost}),
		ice.WithNetworkTypes([]ice.NetworkType{ice.NetworkTypeUDP4, ice.NetworkTypeUDP6}),
		ice.WithUDPMux(d),
		ice.WithNet(e.net),
		ice.WithIncludeLoopback(),
		ice.WithMulticastDNSMode(ice.MulticastDNSModeDisabled),
		// The client is silent for good after both spans.
		ice.WithDisconnectedTimeout(e.cfg.ConsentTimeout/4),
		ice.WithFailedTimeout(e.cfg.ConsentTimeout-e.cfg.ConsentTimeout/4),
		ice.WithLoggerFactory(loggers{e.log}),
	)
	if err != nil {
		return nil, fmt.Errorf("make ICE agent: %w", err)
	}
	t := &Transport{
		engine: e, limits: in, agent: agent, door: d, offer: o,
		log:       e.log.With("transport", in.Name),
		clock:     sfu.NewSourceClock(),
		ssrc:      random32(),
		greeted:   make(chan struct{}),
		proven:    make(chan struct{}),
		alert:     make(chan []byte, maxAlerts),
		begun:     make(chan struct{}),
		connected: make(chan struct{}),
		done:      make(chan struct{}),
		started:   e.cfg.Now(),
		cname:     fmt.Sprintf("%08x", random32()),
		setup:     "passive",
	}
	if o.setup == "passive" {
		t.setup = "active"
	}
	if !in.Held {
		t.Begin()
	}
	d.reader.t, d.reader.learned = t, make(origins)
	t.pipe.Store(newRecordPipe(t))
	t.feedback.init(t.ssrc)
	t.egress.init()
	t.local = local{
		fingerprint: e.fingerprint, setup: t.setup, announce: e.announce, streams: e.streamAnnounce,
		session: uint64(random32()) << 8,
	}
	t.limits.SDP = "" // 6 KiB and more
	t.ctx, t.cancel = context.WithCancelCause(context.Background())
	t.takeSections(o, 0)
	return t, nil
}

// takeSections makes Ups and Downs of the sections from index first on, and
// refuses slots beyond the limits.
func (t *Transport) takeSections(o *offer, first int) {
	videos, audios := slotLimit(t.limits.MaxVideoSlots, defaultVideo), slotLimit(t.limits.MaxAudioSlots, defaultAudio)
	for _, d := range t.downs {
		if d.kind == sfu.Video {
			videos--
		} else {
			audios--
		}
	}
	for i := first; i < len(o.sections); i++ {
		s := &o.sections[i]
		switch {
		case s.refused != "" || s.dir == inactive:
		case s.up():
			t.ups = append(t.ups, newUp(t, s))
		case s.kind == sfu.Video && videos <= 0, s.kind == sfu.Audio && audios <= 0:
			s.refused = "too many slots"
		default:
			if s.kind == sfu.Video {
				videos--
			} else {
				audios--
			}
			t.downs = append(t.downs, newDown(t, s, o.mixed || s.mixed))
		}
	}
	t.reroute(o)
}

func slotLimit(n, zero int) int {
	if n == 0 {
		return zero
	}
	return n
}

// gather opens the local candidates of a new ICE generation and notes its
// credentials.
func (t *Transport) gather(ctx context.Context) error {
	gathered := make(chan struct{})
	var once sync.Once
	if err := t.agent.OnCandidate(func(c ice.Candidate) {
		if c == nil {
			once.Do(func() { close(gathered) })
		}
	}); err != nil {
		return err
	}
	if err := t.agent.GatherCandidates(); err != nil {
		return err
	}
	select {
	case <-gathered:
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-t.ctx.Done():
		return context.Cause(t.ctx)
	}
	ufrag, pwd, err := t.agent.GetLocalUserCredentials()
	if err != nil {
		return err
	}
	t.mu.Lock()
	t.local.ufrag, t.local.pwd = ufrag, pwd
	t.mu.Unlock()
	return nil
}

// writeAnswer writes the answer to the current offer, which is not kept: it has
// 13 KB for a browser. t.mu is held.
func (t *Transport) writeAnswer() string {
	slots := make(map[string]slotID, len(t.downs))
	for _, d := range t.downs {
		slots[d.mid] = slotID{d.ssrc, d.rtx.ssrc, t.cname}
	}
	return writeAnswer(t.offer, t.local, slots)
}

// Answer returns the SDP answer to the latest offer.
func (t *Transport) Answer() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.writeAnswer()
}

// Ups returns the sections in which the client may send, in offer order.
func (t *Transport) Ups() []Up {
	t.mu.Lock()
	defer t.mu.Unlock()
	list := make([]Up, len(t.ups))
	for i, u := range t.ups {
		list[i] = Up{MID: u.mid, Kind: u.kind, Encodings: max(1, len(u.rids)), Track: u.track}
	}
	return list
}

// Downs returns the slots in offer order.
func (t *Transport) Downs() []Down {
	t.mu.Lock()
	defer t.mu.Unlock()
	list := make([]Down, len(t.downs))
	for i, d := range t.downs {
		list[i] = Down{MID: d.mid, Kind: d.kind, Track: d.track, Codecs: d.codecs}
	}
	return list
}

// ICE returns our current credentials.
func (t *Transport) ICE() (ufrag, pwd string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.local.ufrag, t.local.pwd
}

// Begin lets a held transport connect. It is idempotent.
func (t *Transport) Begin() { t.begin.Do(func() { close(t.begun) }) }

// Connected is closed when media can flow.
func (t *Transport) Connected() <-chan struct{} { return t.connected }

// Done is closed when the transport has ended and let go of everything.
func (t *Transport) Done() <-chan struct{} { return t.done }

// Cause returns why the transport ended, nil while it lives.
func (t *Transport) Cause() error {
	if t.ctx.Err() == nil {
		return nil
	}
	return context.Cause(t.ctx)
}

// Close ends the transport because of cause; the first one counts. It does
// not wait: Done is closed when all is done.
func (t *Transport) Close(cause error) {
	if cause == nil {
		cause = ErrClosed
	}
	t.cancel(cause)
}

// run connects, serves until the end, and clears up.
func (t *Transport) run() {
	var wg sync.WaitGroup
	if err := t.connect(&wg); err != nil {
		t.cancel(err)
	}
	t.serve(&wg)
	cause := context.Cause(t.ctx)
	t.teardown(&wg)
	t.engine.metrics.ended(cause)
	t.log.Info("transport closed", "cause", cause)
}

// serve sees to DTLS until the end.
func (t *Transport) serve(wg *sync.WaitGroup) {
	proven := t.proven
	for {
		select {
		case <-t.ctx.Done():
			return
		case <-proven:
			proven = nil
			t.association.suspend(t)
		case b := <-t.alert:
			t.association.wake(t, b, wg)
		}
	}
}

// connect carries out ICE and DTLS.
func (t *Transport) connect(wg *sync.WaitGroup) error {
	select {
	case <-t.begun:
	case <-t.ctx.Done():
		return context.Cause(t.ctx)
	}
	t.started = t.engine.cfg.Now()
	ctx, cancel := context.WithTimeoutCause(t.ctx, t.engine.cfg.ConnectTimeout, ErrConnectTimeout)
	defer cancel()
	if err := t.agent.OnConnectionStateChange(func(s ice.ConnectionState) {
		if s == ice.ConnectionStateFailed {
			if t.conn.Load() == nil {
				t.cancel(ErrConnectTimeout)
			} else {
				t.cancel(ErrICEFailed)
			}
			t.lose() // without consent nothing is sent (RFC 7675 section 5.1)
		}
	}); err != nil {
		return err
	}
	t.mu.Lock()
	ufrag, pwd := t.offer.ufrag, t.offer.pwd
	t.mu.Unlock()
	conn, err := t.agent.StartAccept(ufrag, pwd)
	if err != nil {
		return orCause(ctx, fmt.Errorf("%w: %w", ErrICEFailed, err))
	}
	if err := t.agent.OnSelectedCandidatePairChange(func(_, _ ice.Candidate) { t.follow(conn) }); err != nil {
		return err
	}
	if err := t.agent.AwaitConnect(ctx); err != nil {
		return orCause(ctx, fmt.Errorf("%w: %w", ErrICEFailed, err))
	}
	t.follow(conn)
	t.conn.Store(conn)
	if err := t.secure(ctx, wg); err != nil {
		return orCause(ctx, fmt.Errorf("%w: %w", ErrDTLS, err))
	}
	close(t.connected)
	after := t.engine.cfg.Now() - t.started
	t.engine.metrics.connected(after)
	t.log.Info("transport connected", "after", after)
	return nil
}

// orCause prefers why ctx ended to the error that this led to.
func orCause(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// teardown lets go of everything that newTransport and connect took.
func (t *Transport) teardown(wg *sync.WaitGroup) {
	t.keys.Store(nil)
	t.association.end(t)
	t.abandon()
	wg.Wait()
	t.mu.Lock()
	ups, downs := t.ups, t.downs
	t.mu.Unlock()
	for _, u := range ups {
		u.track.Close()
	}
	for _, d := range downs {
		d.track.Close()
	}
}

// abandon frees what a transport that never ran holds.
func (t *Transport) abandon() {
	t.cancel(ErrClosed)
	t.lose()
	if p := t.pipe.Load(); p != nil {
		_ = p.Close()
	}
	if err := t.agent.GracefulClose(); err != nil && !errors.Is(err, ice.ErrClosed) {
		t.log.Debug("close ICE", "error", err)
	}
	t.engine.mux.forget(t.door)
}

// tick does what is due at now. The engine calls it.
func (t *Transport) tick(now time.Duration) {
	r := t.routes.Load()
	for _, u := range r.ups {
		u.track.Tick(now)
	}
	t.sendCongestion(now)
	if c, ok := t.egress.tick(now, time.Duration(t.rtt.Load())); ok {
		t.engine.wg.Go(func() { t.probe(c) })
	}
	if t.debt.judge(t.egress.silent(now), t.counts.packetsOut.Load()) {
		t.Close(ErrSilent)
	}
	if now >= t.due {
		t.due = now + reportEvery
		t.sendReceiverReports(r, now)
	}
}

func random32() uint32 {
	var b [4]byte
	if _, err := rand.Read(b[:]); err != nil {
		panic(err) // crypto/rand never fails since Go 1.24
	}
	return binary.BigEndian.Uint32(b[:])
}
