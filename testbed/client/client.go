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
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"github.com/meridian-video/meridian/edge/signal"
)

// Options say who joins what, and how.
type Options struct {
	WS      string // ws://…/ws
	Room    string
	Kind    string // of the page; empty: call
	Name    string
	Peer    string
	Token   string
	Browser string // secret that the token may be bound to
	Resume  string
	// Password and PIN are what the person typed at the door.
	Password, PIN signal.Secret
	HTTP          *http.Client         // nil: http.DefaultClient
	Engine        webrtc.SettingEngine // sockets of the media
	Video         int                  // video slots; 0: 9
	Audio         int                  // audio slots; 0: 3
	Media         signal.Media
	Hear          string // "loudest": the node says what the audio slots play

	Attributes map[string]string // of the page's address

	// Pictures is called with every packet of video, by the goroutine of its slot.
	Pictures func(*rtp.Packet)

	Waiting func() // called when a moderator must admit the client first
	Forged  []any  // what the client says while it waits, where nobody has to listen
}

// Client is a participant in a room.
type Client struct {
	Joined signal.Joined

	conn   *websocket.Conn
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
	pli      atomic.Int32
	mu       sync.Mutex
	changed  chan struct{} // closed and renewed with every message
	people   map[string]signal.Person
	viewers  int
	pages    map[string]signal.Page // answers to lookups, by id
	chat     []signal.Message
	version  uint64
	resets   int
	ended    *signal.Fault
	moved    bool
	acks     map[string]uint64
	fails    map[string]signal.Fault
	slots    map[string]*Slot // by mid
	speaks   []string
	leads    string
	heard    [][]string
	quality  []signal.Quality
	caps     []int
	rules    signal.Rules
	lobby    []signal.Guest
	asked    []string
	reacted  []string
	layers   []*signal.SlotLayer
}

// Slot counts what a receive slot got.
type Slot struct {
	Packets   atomic.Int64
	Bytes     atomic.Int64
	Keyframes atomic.Int64
	Gaps      atomic.Int64 // packets that do not follow the one before, early or late
	Span      atomic.Int64 // sequence numbers from the first to the highest
	FirstAt   atomic.Int64 // UnixNano of the first packet
	LastAt    atomic.Int64
}

// Missing counts the sequence numbers that have not come at all, or not yet.
func (s *Slot) Missing() int64 { return s.Span.Load() - s.Packets.Load() }

// Join joins a room and returns when the media transport is connected.
func Join(ctx context.Context, o Options) (*Client, error) {
	c, err := Dial(ctx, o)
	if err != nil {
		return nil, err
	}
	for c.pc.ConnectionState() != webrtc.PeerConnectionStateConnected {
		select {
		case <-ctx.Done():
			c.Close()
			return nil, fmt.Errorf("media did not connect: %w", context.Cause(ctx))
		case <-c.connected():
		}
	}
	return c, nil
}

// Refusal is returned when the server refuses a join.
type Refusal struct{ signal.Fault }

func (r *Refusal) Error() string { return fmt.Sprintf("refused: %s: %s", r.Code, r.Message) }

// Dial joins a room and returns when the server has admitted the client.
func Dial(ctx context.Context, o Options) (_ *Client, err error) {
	c := &Client{
		changed: make(chan struct{}), people: map[string]signal.Person{}, acks: map[string]uint64{},
		fails: map[string]signal.Fault{}, pages: map[string]signal.Page{}, slots: map[string]*Slot{},
	}
	c.ctx, c.cancel = context.WithCancel(context.WithoutCancel(ctx))
	defer func() {
		if err != nil {
			c.Close()
		}
	}()
	c.conn, _, err = websocket.Dial(ctx, o.WS, &websocket.DialOptions{Subprotocols: []string{signal.Subprotocol}, HTTPClient: o.HTTP})
	if err != nil {
		return nil, fmt.Errorf("open socket: %w", err)
	}
	c.conn.SetReadLimit(1 << 20)
	offer, up, err := c.offer(o)
	if err != nil {
		return nil, fmt.Errorf("make offer: %w", err)
	}
	err = c.send(signal.Join{
		Type: "join", V: signal.Version, Room: o.Room, Kind: cmp.Or(o.Kind, "call"), Token: o.Token, Name: o.Name, Peer: o.Peer, Browser: o.Browser,
		Password: o.Password, PIN: o.PIN, Resume: o.Resume, Offer: offer, Up: up, Media: o.Media, Hear: o.Hear, Attributes: o.Attributes,
	})
	if err != nil {
		return nil, err
	}
	c.wg.Go(c.ping)
	if err := c.answered(ctx, o); err != nil {
		return nil, err
	}
	for _, p := range append(slices.Clone(c.Joined.People), c.Joined.Self) {
		c.people[p.Peer] = p
	}
	c.chat, c.version = c.Joined.Chat, c.Joined.Room.Version
	c.rules, c.lobby, c.viewers = c.Joined.Rules, c.Joined.Lobby, c.Joined.Viewers
	if err := c.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: c.Joined.Answer}); err != nil {
		return nil, fmt.Errorf("take answer: %w", err)
	}
	c.wg.Go(c.read)
	return c, nil
}

// answered reads what comes before the client is in the room: that it must wait,
// then Joined.
func (c *Client) answered(ctx context.Context, o Options) error {
	for {
		_, b, err := c.conn.Read(ctx)
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
		case "pong":
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

// offer makes the m-line plan of the protocol.
func (c *Client) offer(o Options) (string, signal.Up, error) {
	media := &webrtc.MediaEngine{}
	if err := media.RegisterDefaultCodecs(); err != nil {
		return "", signal.Up{}, err
	}
	if err := media.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{URI: levelURI}, webrtc.RTPCodecTypeAudio); err != nil {
		return "", signal.Up{}, err
	}
	o.Engine.SetIncludeLoopbackCandidate(true)
	pc, err := webrtc.NewAPI(webrtc.WithMediaEngine(media), webrtc.WithSettingEngine(o.Engine)).NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return "", signal.Up{}, err
	}
	c.pc = pc
	pc.OnTrack(c.receive)
	c.pictures = o.Pictures
	var sections []*webrtc.RTPTransceiver
	for i, kind := range []string{"mic", "camera", "camera2", "share", "share_audio"} {
		capability := webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8, ClockRate: 90000}
		if i == 0 || i == 4 {
			capability = webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2}
		}
		track, err := webrtc.NewTrackLocalStaticRTP(capability, kind, kind)
		if err != nil {
			return "", signal.Up{}, err
		}
		t, err := pc.AddTransceiverFromTrack(track, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
		if err != nil {
			return "", signal.Up{}, err
		}
		sections = append(sections, t)
		switch i {
		case 0:
			c.mic, c.voice = track, t.Sender()
		case 1:
			c.camera = track
			c.wg.Go(func() { c.readFeedback(t.Sender()) })
		}
	}
	for _, s := range []struct {
		kind webrtc.RTPCodecType
		n    int
	}{{webrtc.RTPCodecTypeVideo, orElse(o.Video, 9)}, {webrtc.RTPCodecTypeAudio, orElse(o.Audio, 3)}} {
		for range s.n {
			if _, err := pc.AddTransceiverFromKind(s.kind, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly}); err != nil {
				return "", signal.Up{}, err
			}
		}
	}
	offer, err := pc.CreateOffer(nil)
	if err != nil {
		return "", signal.Up{}, err
	}
	c.offers.Add(1)
	if err := pc.SetLocalDescription(offer); err != nil {
		return "", signal.Up{}, err
	}
	mid := func(i int) string { return sections[i].Mid() }
	return offer.SDP, signal.Up{Mic: mid(0), Camera: mid(1), Camera2: mid(2), Share: mid(3), ShareAudio: mid(4)}, nil
}

func orElse(n, otherwise int) int {
	if n == 0 {
		return otherwise
	}
	return n
}

// receive counts the packets of a slot.
func (c *Client) receive(track *webrtc.TrackRemote, receiver *webrtc.RTPReceiver) {
	mid := ""
	for _, t := range c.pc.GetTransceivers() {
		if t.Receiver() == receiver {
			mid = t.Mid()
		}
	}
	s := c.Slot(mid)
	last, highest := uint16(0), uint16(0)
	for {
		p, _, err := track.ReadRTP()
		if err != nil {
			return
		}
		now := time.Now().UnixNano()
		s.FirstAt.CompareAndSwap(0, now)
		s.LastAt.Store(now)
		first := s.Packets.Add(1) == 1
		if first {
			highest = p.SequenceNumber - 1
		} else if p.SequenceNumber != last+1 {
			s.Gaps.Add(1)
		}
		last = p.SequenceNumber
		if ahead := int16(p.SequenceNumber - highest); ahead > 0 {
			s.Span.Add(int64(ahead))
			highest = p.SequenceNumber
		}
		s.Bytes.Add(int64(len(p.Payload)))
		if track.Kind() == webrtc.RTPCodecTypeVideo {
			if isKeyframe(p.Payload) {
				s.Keyframes.Add(1)
			}
			if c.pictures != nil {
				c.pictures(p)
			}
		}
	}
}

// Slot returns the counters of the slot with that mid.
func (c *Client) Slot(mid string) *Slot {
	c.mu.Lock()
	defer c.mu.Unlock()
	s, ok := c.slots[mid]
	if !ok {
		s = &Slot{}
		c.slots[mid] = s
	}
	return s
}

// VideoSlot returns the counters of the i-th video slot.
func (c *Client) VideoSlot(i int) *Slot { return c.Slot(c.Joined.Slots.Video[i]) }

// AudioSlot returns the counters of the i-th audio slot.
func (c *Client) AudioSlot(i int) *Slot { return c.Slot(c.Joined.Slots.Audio[i]) }

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
	return c.conn.Write(c.ctx, websocket.MessageText, b)
}

func (c *Client) ping() {
	ticker := time.NewTicker(signal.PingInterval)
	defer ticker.Stop()
	for {
		select {
		case <-c.ctx.Done():
			return
		case <-ticker.C:
			if c.send(map[string]any{"type": "ping", "t": 1}) != nil {
				return
			}
		}
	}
}

// read applies what the server says.
func (c *Client) read() {
	for {
		_, b, err := c.conn.Read(c.ctx)
		if err != nil {
			return
		}
		var m struct {
			Type    string
			Version uint64
			Events  []signal.Event
			People  []signal.Person
			Chat    []signal.Message
			Peers   []string `json:"peer_ids"`
			Leads   string   `json:"dominant"`
			Audio   []*string
			ID      string
			Seq     uint64
			Code    signal.Code
			Message string
			Up      json.RawMessage // of quality or bitrate
			Down    signal.Score
			Video   []*signal.SlotLayer
			Rules   signal.Rules
			Waiting []signal.Guest
			Viewers int
			Next    string
			Total   int
		}
		if json.Unmarshal(b, &m) != nil {
			continue
		}
		c.mu.Lock()
		switch m.Type {
		case "update":
			c.version = m.Version
			for _, e := range m.Events {
				c.apply(e)
			}
		case "reset":
			c.resets++
			c.version, c.chat, c.rules, c.viewers = m.Version, m.Chat, m.Rules, m.Viewers
			c.people = map[string]signal.Person{}
			for _, p := range m.People {
				c.people[p.Peer] = p
			}
		case "people":
			c.pages[m.ID] = signal.Page{ID: m.ID, People: m.People, Next: m.Next, Total: m.Total}
		case "speaking":
			c.speaks, c.leads = m.Peers, m.Leads
		case "heard":
			c.heard = append(c.heard, names(m.Audio))
		case "quality":
			q := signal.Quality{Type: m.Type, Down: m.Down}
			_ = json.Unmarshal(m.Up, &q.Up)
			c.quality = append(c.quality, q)
		case "bitrate":
			var up int
			_ = json.Unmarshal(m.Up, &up)
			c.caps = append(c.caps, up)
		case "lobby":
			c.lobby = m.Waiting
		case "layers":
			c.layers = m.Video
		case "ack":
			c.acks[m.ID] = m.Seq
		case "error":
			c.fails[m.ID] = signal.Fault{Type: m.Type, Code: m.Code, Message: m.Message}
		case "ended":
			c.ended = &signal.Fault{Type: m.Type, Code: m.Code, Message: m.Message}
		case "move":
			c.moved = true
		}
		close(c.changed)
		c.changed = make(chan struct{})
		c.mu.Unlock()
	}
}

// names are the tracks of slots, "" for nothing.
func names(slots []*string) []string {
	out := make([]string, len(slots))
	for i, s := range slots {
		if s != nil {
			out[i] = *s
		}
	}
	return out
}

func (c *Client) apply(e signal.Event) {
	switch {
	case e.Kind == "leave", e.Kind == "counted":
		delete(c.people, e.Peer)
	case e.Person != nil:
		c.people[e.Person.Peer] = *e.Person
	case e.Message != nil:
		c.chat = append(c.chat, *e.Message)
	case e.Rules != nil:
		c.rules = *e.Rules
	case e.Viewers != nil:
		c.viewers = *e.Viewers
	case e.Kind == "ask":
		c.asked = append(c.asked, e.Source)
	case e.Kind == "reaction":
		c.reacted = append(c.reacted, e.Peer+" "+e.Text)
	}
}

// State is what a client knows of the room.
type State struct {
	Version  uint64
	People   map[string]signal.Person // those of whom everybody is told
	Viewers  int                      // of a webinar
	Chat     []signal.Message
	Speaking []string
	Dominant string              // peer id
	Heard    [][]string          // what the audio slots play, every time the node said so
	Quality  []signal.Quality    // every time the node said so
	Caps     []int               // what it may send of video, bit/s, every time the node said so
	Layers   []*signal.SlotLayer // what the video slots get
	Rules    signal.Rules
	Lobby    []signal.Guest // as a moderator is told
	Asked    []string       // what the client was asked to switch on
	Reacted  []string       // who by what
	Resets   int
	Ended    *signal.Fault
	Moved    bool
}

// State returns a copy of what the client knows.
func (c *Client) State() State {
	c.mu.Lock()
	defer c.mu.Unlock()
	return State{c.version, maps.Clone(c.people), c.viewers, slices.Clone(c.chat), slices.Clone(c.speaks), c.leads, slices.Clone(c.heard), slices.Clone(c.quality), slices.Clone(c.caps), slices.Clone(c.layers), c.rules, slices.Clone(c.lobby), slices.Clone(c.asked), slices.Clone(c.reacted), c.resets, c.ended, c.moved}
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

// Chat writes a message and returns its place once it is acknowledged.
func (c *Client) Chat(ctx context.Context, id, text string) (uint64, error) {
	return c.ask(ctx, id, map[string]any{"type": "chat", "id": id, "text": text})
}

// SetBitrate bounds what everybody in the room may send of video, in bit/s; 0
// removes the bound. It returns once that is acknowledged.
func (c *Client) SetBitrate(ctx context.Context, id string, max int) error {
	return c.Act(ctx, id, "bitrate", "", max)
}

// Act asks the room for something about somebody, or about all; value may be nil.
// It returns once that is acknowledged.
func (c *Client) Act(ctx context.Context, id, verb, peer string, value any) error {
	_, err := c.ask(ctx, id, Act(id, verb, peer, value))
	return err
}

// Act is the message that asks the room for something.
func Act(id, verb, peer string, value any) map[string]any {
	m := map[string]any{"type": "act", "id": id, "verb": verb}
	if peer != "" {
		m["peer_id"] = peer
	}
	if value != nil {
		m["value"] = value
	}
	return m
}

// LookUp looks viewers of a webinar up.
func (c *Client) LookUp(ctx context.Context, id string, q signal.Lookup) (page signal.Page, err error) {
	var fault error
	if err := c.send(map[string]any{"type": "people", "id": id, "after": q.After, "match": q.Match, "limit": q.Limit}); err != nil {
		return page, err
	}
	err = c.Until(ctx, "viewers are looked up", func(State) bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		if f, failed := c.fails[id]; failed {
			fault = fmt.Errorf("look up: %s: %s", f.Code, f.Message)
		}
		var ok bool
		page, ok = c.pages[id]
		return ok || fault != nil
	})
	return page, errors.Join(err, fault)
}

// ask sends a request and waits until it is acknowledged or refused.
func (c *Client) ask(ctx context.Context, id string, m map[string]any) (uint64, error) {
	if err := c.send(m); err != nil {
		return 0, err
	}
	var seq uint64
	var fault error
	err := c.Until(ctx, fmt.Sprintf("%s is acknowledged", m["type"]), func(s State) bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		if f, failed := c.fails[id]; failed {
			fault = fmt.Errorf("%s: %s: %s", m["type"], f.Code, f.Message)
			return true
		}
		var ok bool
		if seq, ok = c.acks[id]; !ok && s.Ended != nil {
			fault = fmt.Errorf("%s: ended: %s", m["type"], s.Ended.Code)
		}
		return ok || fault != nil
	})
	return seq, errors.Join(err, fault)
}

// Subscribe says what each slot shows; "" is nothing.
func (c *Client) Subscribe(video, audio []string) error {
	list := func(in []string) []*string {
		if in == nil {
			return nil
		}
		out := make([]*string, len(in))
		for i := range in {
			if in[i] != "" {
				out[i] = &in[i]
			}
		}
		return out
	}
	return c.send(map[string]any{"type": "subscribe", "seq": 1, "video": list(video), "audio": list(audio)})
}

// SetViews says what each video slot is shown as.
func (c *Client) SetViews(views ...signal.View) error {
	return c.send(map[string]any{"type": "views", "video": views})
}

// SetMedia says what is on.
func (c *Client) SetMedia(m signal.Media) error {
	return c.send(struct {
		Type string `json:"type"`
		signal.Media
	}{"media", m})
}

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
	if c.conn != nil {
		_ = c.conn.CloseNow()
	}
	if c.pc != nil {
		_ = c.pc.Close()
	}
	c.wg.Wait()
}
