//go:build linux

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"sync"

	"github.com/coder/websocket"

	"github.com/meridian-video/meridian/testbed/bench/light"
)

// janus is driven through its videoroom plugin, by its WebSocket protocol: one
// session, a handle for each client.
type janus struct {
	*program
	local   netip.Addr // of this machine; Janus takes no loopback
	conn    *websocket.Conn
	session uint64
	cancel  context.CancelFunc
	wg      sync.WaitGroup

	mu      sync.Mutex
	next    int
	waiting map[string]chan janusMessage // by transaction
	rooms   map[string]*janusRoom
}

// janusRoom is a room and the feeds in it.
type janusRoom struct {
	number uint64
	feeds  []uint64
}

// janusMessage is any message, reduced to what is read of it.
type janusMessage struct {
	Janus       string          `json:"janus"`
	Transaction string          `json:"transaction,omitempty"`
	Session     uint64          `json:"session_id,omitempty"`
	Handle      uint64          `json:"handle_id,omitempty"`
	Sender      uint64          `json:"sender,omitempty"`
	Plugin      string          `json:"plugin,omitempty"`
	Body        map[string]any  `json:"body,omitempty"`
	JSEP        *janusSDP       `json:"jsep,omitempty"`
	Data        json.RawMessage `json:"data,omitempty"`
	PluginData  struct {
		Data struct {
			ID    uint64 `json:"id"`
			Error string `json:"error"`
		} `json:"data"`
	} `json:"plugindata,omitzero"`
	Error *struct{ Reason string } `json:"error,omitempty"`
}

type janusSDP struct {
	Type string `json:"type"`
	SDP  string `json:"sdp"`
}

const janusFile = `
general: {
	configs_folder = "{dir}"
	debug_level = 2
	session_timeout = 0
}
media: { rtp_port_range = "40000-60000" }
nat: {
	ice_lite = true
	ice_enforce_list = "%s"
}
plugins: { disable = "libjanus_audiobridge.so,libjanus_duktape.so,libjanus_echotest.so,libjanus_lua.so,libjanus_nosip.so,libjanus_recordplay.so,libjanus_sip.so,libjanus_streaming.so,libjanus_textroom.so,libjanus_videocall.so,libjanus_voicemail.so" }
transports: { disable = "libjanus_http.so,libjanus_mqtt.so,libjanus_nanomsg.so,libjanus_pfunix.so,libjanus_rabbitmq.so" }
`

const janusSockets = `
general: {
	json = "compact"
	ws = true
	ws_ip = "127.0.0.1"
	ws_port = %d
}
admin: { admin_ws = false }
`

func startJanus(ctx context.Context, _ options) (server, error) {
	local, err := ownAddress()
	if err != nil {
		return nil, err
	}
	port, err := freePorts(1)
	if err != nil {
		return nil, err
	}
	j := &janus{local: local, waiting: map[string]chan janusMessage{}, rooms: map[string]*janusRoom{}}
	j.program, err = launch(map[string]string{
		"janus.jcfg":                      fmt.Sprintf(janusFile, local),
		"janus.transport.websockets.jcfg": fmt.Sprintf(janusSockets, port),
		"janus.plugin.videoroom.jcfg":     "general: {}\n",
	}, "janus", "--configs-folder", "{dir}", "--config", "{dir}/janus.jcfg")
	if err != nil {
		return nil, err
	}
	err = j.ready(ctx, func(ctx context.Context) bool {
		j.conn, _, err = websocket.Dial(ctx, fmt.Sprintf("ws://127.0.0.1:%d", port), &websocket.DialOptions{Subprotocols: []string{"janus-protocol"}})
		return err == nil
	})
	if err == nil {
		err = j.open(ctx)
	}
	if err != nil {
		j.stop()
		return nil, err
	}
	return j, nil
}

// ownAddress is an address of this machine other than loopback, which Janus
// takes no candidates from. Traffic to it does not leave the machine.
func ownAddress() (netip.Addr, error) {
	all, err := net.InterfaceAddrs()
	if err != nil {
		return netip.Addr{}, err
	}
	for _, a := range all {
		if n, err := netip.ParsePrefix(a.String()); err == nil && n.Addr().Is4() && n.Addr().IsGlobalUnicast() {
			return n.Addr(), nil
		}
	}
	return netip.Addr{}, errors.New("janus needs an IPv4 address other than loopback, and this machine has none")
}

// from implements elsewhere: Janus sends by one interface only, and loopback is none.
func (j *janus) from() netip.Addr { return j.local }

func (j *janus) open(ctx context.Context) error {
	j.conn.SetReadLimit(1 << 20)
	life, cancel := context.WithCancel(context.WithoutCancel(ctx))
	j.cancel = cancel
	j.wg.Go(func() { j.read(life) })
	var err error
	j.session, err = j.make(ctx, janusMessage{Janus: "create"})
	return err
}

// read hands answers to those who wait for them.
func (j *janus) read(ctx context.Context) {
	for {
		_, b, err := j.conn.Read(ctx)
		if err != nil {
			return
		}
		var m janusMessage
		if json.Unmarshal(b, &m) != nil || m.Janus == "ack" {
			continue
		}
		if m.Janus == "webrtcup" {
			m.Transaction = upOf(m.Sender)
		}
		j.mu.Lock()
		wait := j.waiting[m.Transaction]
		delete(j.waiting, m.Transaction)
		j.mu.Unlock()
		if wait != nil {
			wait <- m
		}
	}
}

// upOf is what waits for a handle's connection, in place of a transaction.
func upOf(handle uint64) string { return fmt.Sprint("up ", handle) }

// call sends a message and waits for its answer, or for the event that is.
func (j *janus) call(ctx context.Context, m janusMessage) (janusMessage, error) {
	answer := make(chan janusMessage, 1)
	j.mu.Lock()
	j.next++
	m.Transaction, m.Session = strconv.Itoa(j.next), j.session
	j.waiting[m.Transaction] = answer
	j.mu.Unlock()
	b, err := json.Marshal(m)
	if err != nil {
		return m, err
	}
	if err := j.conn.Write(ctx, websocket.MessageText, b); err != nil {
		return m, err
	}
	select {
	case a := <-answer:
		switch {
		case a.Error != nil:
			return a, fmt.Errorf("janus: %s %v: %s", m.Janus, m.Body["request"], a.Error.Reason)
		case a.PluginData.Data.Error != "":
			return a, fmt.Errorf("janus: %v: %s", m.Body["request"], a.PluginData.Data.Error)
		}
		return a, nil
	case <-ctx.Done():
		return m, fmt.Errorf("janus: no answer to %s %v: %w", m.Janus, m.Body["request"], context.Cause(ctx))
	}
}

// make makes a session or a handle and returns its number.
func (j *janus) make(ctx context.Context, m janusMessage) (uint64, error) {
	a, err := j.call(ctx, m)
	if err != nil {
		return 0, err
	}
	var made struct{ ID uint64 }
	return made.ID, json.Unmarshal(a.Data, &made)
}

func (j *janus) attach(ctx context.Context) (uint64, error) {
	return j.make(ctx, janusMessage{Janus: "attach", Plugin: "janus.plugin.videoroom"})
}

func (j *janus) message(ctx context.Context, handle uint64, sdp *janusSDP, body map[string]any) (janusMessage, error) {
	return j.call(ctx, janusMessage{Janus: "message", Handle: handle, JSEP: sdp, Body: body})
}

// room returns a room, made at its first use.
func (j *janus) room(ctx context.Context, handle uint64, name string) (*janusRoom, error) {
	j.mu.Lock()
	r, made := j.rooms[name]
	if !made {
		r = &janusRoom{number: uint64(len(j.rooms) + 1)}
		j.rooms[name] = r
	}
	j.mu.Unlock()
	if made {
		return r, nil
	}
	_, err := j.message(ctx, handle, nil, map[string]any{
		"request": "create", "room": r.number, "publishers": 100, "bitrate": 10_000_000, "videocodec": "vp8", "audiocodec": "opus", "fir_freq": 0,
	})
	return r, err
}

func (j *janus) publish(ctx context.Context, room string, c *light.Client, _ bool) error {
	handle, err := j.attach(ctx)
	if err != nil {
		return err
	}
	r, err := j.room(ctx, handle, room)
	if err != nil {
		return err
	}
	joined, err := j.message(ctx, handle, nil, map[string]any{"request": "join", "ptype": "publisher", "room": r.number})
	if err != nil {
		return err
	}
	up := make(chan janusMessage, 1)
	j.mu.Lock()
	r.feeds = append(r.feeds, joined.PluginData.Data.ID)
	j.waiting[upOf(handle)] = up
	j.mu.Unlock()
	a, err := j.message(ctx, handle, &janusSDP{"offer", c.Offer(sending(false)...)}, map[string]any{"request": "publish"})
	if err != nil {
		return err
	}
	if a.JSEP == nil {
		return errors.New("janus: publish: no answer came")
	}
	if err := c.SetAnswer(a.JSEP.SDP); err != nil {
		return err
	}
	if err := c.Connect(ctx); err != nil {
		return err
	}
	select {
	case <-up: // nobody can subscribe before
		return nil
	case <-ctx.Done():
		return fmt.Errorf("janus: the publisher's connection did not come up: %w", context.Cause(ctx))
	}
}

func (j *janus) watch(ctx context.Context, room string, c *light.Client) error {
	return j.watchBut(ctx, room, c, -1)
}

// watchBut receives all feeds of a room but the i-th over one connection.
func (j *janus) watchBut(ctx context.Context, room string, c *light.Client, i int) error {
	handle, err := j.attach(ctx)
	if err != nil {
		return err
	}
	var streams []map[string]any
	j.mu.Lock()
	r := j.rooms[room]
	for k, feed := range r.feeds {
		if k != i {
			streams = append(streams, map[string]any{"feed": feed})
		}
	}
	j.mu.Unlock()
	a, err := j.message(ctx, handle, nil, map[string]any{"request": "join", "ptype": "subscriber", "room": r.number, "streams": streams})
	if err != nil {
		return err
	}
	if a.JSEP == nil {
		return errors.New("janus: join: no offer came")
	}
	answer, err := c.Answer(a.JSEP.SDP)
	if err != nil {
		return err
	}
	// The answer to start comes when the connection is up, so nobody waits for it.
	j.wg.Go(func() {
		_, _ = j.message(ctx, handle, &janusSDP{"answer", answer}, map[string]any{"request": "start"})
	})
	return c.Connect(ctx)
}

// meet implements conference: everybody publishes, and sees the others over a
// second connection, as the plugin's own pages do.
func (j *janus) meet(ctx context.Context, r *run, parties int) (ups, downs []*light.Client, err error) {
	joining, cancel := context.WithTimeout(ctx, 2*joinTimeout)
	defer cancel()
	for range parties {
		c, _, err := r.publisher(ctx, false)
		if err != nil {
			return nil, nil, err
		}
		ups = append(ups, c)
	}
	for i := range parties {
		c, err := r.network.Client(light.Options{})
		if err != nil {
			return nil, nil, err
		}
		r.later(c.Close)
		if err := j.watchBut(joining, room, c, i); err != nil {
			return nil, nil, err
		}
		downs = append(downs, c)
	}
	return ups, downs, nil
}

func (j *janus) stop() {
	if j.cancel != nil {
		j.cancel()
		_ = j.conn.CloseNow()
	}
	j.wg.Wait()
	j.program.stop()
}
