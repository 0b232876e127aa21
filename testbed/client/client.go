// Package client is a participant without a browser: it speaks the signalling
// protocol and sends and receives media with pion's PeerConnection, an
// implementation that shares no code with our transport beyond its libraries.
//
// It makes synthetic VP8 and Opus packets that a forwarder cannot tell from
// real ones and decodes nothing. It is for tests and load; what people see is
// tested with real browsers.
package client

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"github.com/meridian-video/meridian/edge/signal"
)

// Client is a participant in a room.
type Client struct {
	Joined signal.Joined

	conn   *websocket.Conn // guarded by mu, as another may take its place
	pc     *webrtc.PeerConnection
	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup

	mic    *webrtc.TrackLocalStaticRTP
	voice  *webrtc.RTPSender // of mic
	level  atomic.Int32      // of what it sends, -dBov, plus 1; 0: it says no level
	camera *webrtc.TrackLocalStaticRTP

	offers   atomic.Int32
	pictures func(*rtp.Packet)
	sound    func(*rtp.Packet)
	mark     byte
	pli      atomic.Int32
	heard    atomic.Int64  // UnixNano of the server's last word
	lost     chan struct{} // closed when the socket is; guarded by mu

	mu      sync.Mutex
	changed chan struct{} // closed and renewed with every message
	state   State
	answers answers
	slots   map[string]*Slot // by mid
}

// Join joins a room and returns when the media transport is connected. Who has to
// go before that was refused.
func Join(ctx context.Context, o Options) (*Client, error) {
	c, err := Dial(ctx, o)
	if err != nil {
		return nil, err
	}
	for c.pc.ConnectionState() != webrtc.PeerConnectionStateConnected {
		changed, ended := c.ending()
		if ended != nil {
			c.Close()
			return nil, &Refusal{*ended}
		}
		select {
		case <-ctx.Done():
			c.Close()
			return nil, fmt.Errorf("media did not connect: %w", context.Cause(ctx))
		case <-c.connected():
		case <-changed:
		}
	}
	return c, nil
}

// ending is why the presence is over, if it is, and what is closed when anything
// changes.
func (c *Client) ending() (changed <-chan struct{}, ended *signal.Fault) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.changed, c.state.Ended
}

// Refusal is returned when the server refuses a join, or takes it back at once.
type Refusal struct{ signal.Fault }

func (r *Refusal) Error() string { return fmt.Sprintf("refused: %s: %s", r.Code, r.Message) }

// Dial joins a room and returns when the server has admitted the client.
func Dial(ctx context.Context, o Options) (_ *Client, err error) {
	c := &Client{changed: make(chan struct{}), answers: newAnswers(), slots: map[string]*Slot{}}
	c.ctx, c.cancel = context.WithCancel(context.WithoutCancel(ctx))
	defer func() {
		if err != nil {
			c.Close()
		}
	}()
	if err := c.dial(ctx, o); err != nil {
		return nil, err
	}
	offer, up, err := c.offer(o)
	if err != nil {
		return nil, fmt.Errorf("make offer: %w", err)
	}
	err = c.send(signal.Join{
		Type: "join", V: signal.Version, Room: o.Room, Kind: cmp.Or(o.Kind, "call"), Source: o.Source, Token: o.Token, Name: o.Name, Peer: o.Peer, Browser: o.Browser,
		Password: o.Password, PIN: o.PIN, Resume: o.Resume, Offer: offer, Up: up, Media: o.Media, Hear: o.Hear, Attributes: o.Attributes,
		PageHost: o.PageHost, Ahead: o.Ahead,
	})
	if err != nil {
		return nil, err
	}
	c.wg.Go(c.ping)
	if err := c.answered(ctx, o); err != nil {
		return nil, err
	}
	c.state.enter(c.Joined)
	if err := c.take(c.Joined.Answer); err != nil {
		return nil, err
	}
	c.listen()
	return c, nil
}

// dial opens the client's socket.
func (c *Client) dial(ctx context.Context, o Options) error {
	conn, _, err := websocket.Dial(ctx, o.WS, &websocket.DialOptions{Subprotocols: []string{signal.Subprotocol}, HTTPClient: o.HTTP})
	if err != nil {
		return fmt.Errorf("open socket: %w", err)
	}
	conn.SetReadLimit(1 << 20)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.conn = conn
	return nil
}

func (c *Client) socket() *websocket.Conn {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.conn
}

// take takes the answer to the client's offer, unless it has it already.
func (c *Client) take(answer string) error {
	if answer == "" {
		return nil
	}
	if err := c.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}); err != nil {
		return fmt.Errorf("take answer: %w", err)
	}
	return nil
}

// answered reads what comes before the client is in the room: that it must wait,
// then Joined.
func (c *Client) answered(ctx context.Context, o Options) error {
	for {
		_, b, err := c.socket().Read(ctx)
		if err != nil {
			return fmt.Errorf("read answer: %w", err)
		}
		var fault signal.Fault
		if err := json.Unmarshal(b, &fault); err != nil {
			return err
		}
		switch fault.Type {
		case "joined":
			return json.Unmarshal(b, &c.Joined)
		case "refused":
			return &Refusal{fault}
		case "pong", "checking":
		case "connect":
			var m signal.Connect
			if err := errors.Join(json.Unmarshal(b, &m), c.take(m.Answer)); err != nil {
				return err
			}
			if o.Connecting != nil {
				o.Connecting(c)
			}
		case "waiting":
			for _, m := range o.Forged {
				if err := c.send(m); err != nil {
					return err
				}
			}
			if o.Waiting != nil {
				o.Waiting()
			}
		default:
			return fmt.Errorf("heard %s before being in the room", b)
		}
	}
}

func (c *Client) connected() <-chan struct{} {
	done := make(chan struct{})
	var once sync.Once
	c.pc.OnConnectionStateChange(func(webrtc.PeerConnectionState) { once.Do(func() { close(done) }) })
	if c.pc.ConnectionState() == webrtc.PeerConnectionStateConnected {
		once.Do(func() { close(done) })
	}
	return done
}

func (c *Client) send(m any) error {
	b, err := json.Marshal(m)
	if err != nil {
		return err
	}
	return c.socket().Write(c.ctx, websocket.MessageText, b)
}

func (c *Client) ping() {
	ticker := time.NewTicker(signal.PingInterval)
	defer ticker.Stop()
	for {
		select {
		case <-c.ctx.Done():
			return
		case <-ticker.C:
			_ = c.send(map[string]any{"type": "ping", "t": 1}) // a lost socket may be opened again
		}
	}
}

// listen begins to read the client's socket.
func (c *Client) listen() {
	lost := make(chan struct{})
	c.mu.Lock()
	conn := c.conn
	c.lost = lost
	c.mu.Unlock()
	c.wg.Go(func() {
		defer close(lost)
		c.read(conn)
	})
}

// read applies what the server says on one socket.
func (c *Client) read(conn *websocket.Conn) {
	for {
		c.heard.Store(time.Now().UnixNano())
		_, b, err := conn.Read(c.ctx)
		if err != nil || conn != c.socket() { // another has taken its place
			return
		}
		var m message
		if json.Unmarshal(b, &m) == nil {
			c.hear(m)
		}
	}
}

func (c *Client) hear(m message) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.state.hear(m)
	c.answers.hear(m)
	close(c.changed)
	c.changed = make(chan struct{})
}

// State returns a copy of what the client knows.
func (c *Client) State() State {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state.clone()
}

// Until waits until what the client knows fulfils a condition.
func (c *Client) Until(ctx context.Context, what string, ok func(State) bool) error {
	for {
		c.mu.Lock()
		changed := c.changed
		c.mu.Unlock()
		s := c.State()
		if ok(s) {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waited until %s: %w (version %d, people %v, %d messages)", what, context.Cause(ctx), s.Version, slices.Sorted(maps.Keys(s.People)), len(s.Chat))
		case <-changed:
		}
	}
}

// Lost is closed when the socket of now is gone, by whomever.
func (c *Client) Lost() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lost
}

// Heard is when the server last said something; it answers every ping.
func (c *Client) Heard() time.Time { return time.Unix(0, c.heard.Load()) }

// Negotiations counts the offers this client has made.
func (c *Client) Negotiations() int { return int(c.offers.Load()) }

// KeyframeRequests counts the PLIs that reached the camera.
func (c *Client) KeyframeRequests() int { return int(c.pli.Load()) }

// Leave leaves the room on purpose.
func (c *Client) Leave() {
	_ = c.send(map[string]any{"type": "leave"})
	c.Close()
}

// Close drops everything without a word to the server beyond a closed socket.
func (c *Client) Close() {
	c.cancel()
	if conn := c.socket(); conn != nil {
		_ = conn.CloseNow()
	}
	if c.pc != nil {
		_ = c.pc.Close()
	}
	c.wg.Wait()
}
