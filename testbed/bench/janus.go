//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
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
