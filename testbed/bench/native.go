//go:build linux

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"

	"github.com/meridian-video/meridian/edge/signal"
	"github.com/meridian-video/meridian/testbed/bench/light"
)

// attachment is a participant by Meridian's own signalling, with a light client
// for its media.
type attachment struct {
	joined signal.Joined
	client *light.Client
	conn   *websocket.Conn
	cancel context.CancelFunc
	wg     sync.WaitGroup
	seq    int
	heard  atomic.Int64 // bytes of messages
}

// slotPlan is how many slots of each kind a participant offers.
type slotPlan struct {
	video, audio int
	watches      bool // a viewer of a webinar, who offers nothing to send
}

// join joins a room with the m-line plan of the protocol and connects.
func (m *meridian) join(ctx context.Context, room, name string, c *light.Client, plan slotPlan, media signal.Media, simulcast bool) (_ *attachment, err error) {
	a := &attachment{client: c}
	life, cancel := context.WithCancel(context.WithoutCancel(ctx))
	a.cancel = cancel
	defer func() {
		if err != nil {
			a.leave()
			a.close()
		}
	}()
	a.conn, _, err = websocket.Dial(ctx, "ws://"+m.host+"/ws", &websocket.DialOptions{Subprotocols: []string{signal.Subprotocol}})
	if err != nil {
		return nil, fmt.Errorf("open signalling: %w", err)
	}
	a.conn.SetReadLimit(4 << 20)
	sections := []light.Section{{Send: true}, {Video: true, Send: true, Simulcast: simulcast}, {Video: true, Send: true}, {Video: true, Send: true}, {Send: true}}
	kind, up := "call", signal.Up{Mic: "0", Camera: "1", Camera2: "2", Share: "3", ShareAudio: "4"}
	if plan.watches {
		kind, up, sections = "webinar", signal.Up{}, nil
	}
	for range plan.video {
		sections = append(sections, light.Section{Video: true})
	}
	for range plan.audio {
		sections = append(sections, light.Section{})
	}
	err = a.send(ctx, signal.Join{
		Type: "join", V: signal.Version, Room: room, Kind: kind, Name: name, Offer: c.Offer(sections...),
		Up: up, Media: media,
	})
	if err != nil {
		return nil, err
	}
	_, b, err := a.conn.Read(ctx)
	if err != nil {
		return nil, fmt.Errorf("read answer to join: %w", err)
	}
	a.heard.Add(int64(len(b)))
	var fault signal.Fault
	if err := json.Unmarshal(b, &fault); err != nil {
		return nil, err
	}
	if fault.Type != "joined" {
		return nil, fmt.Errorf("join %s: %w", room, &signal.Error{Kind: signal.Refused, Code: fault.Code, Message: fault.Message})
	}
	if err := json.Unmarshal(b, &a.joined); err != nil {
		return nil, err
	}
	if err := c.SetAnswer(a.joined.Answer); err != nil {
		return nil, err
	}
	a.wg.Go(func() { a.drain(life) })
	a.wg.Go(func() { a.ping(life) })
	return a, c.Connect(ctx)
}

func (a *attachment) send(ctx context.Context, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return a.conn.Write(ctx, websocket.MessageText, b)
}

// drain reads what the server says: a client that does not is ended.
func (a *attachment) drain(ctx context.Context) {
	for {
		_, b, err := a.conn.Read(ctx)
		if err != nil {
			return
		}
		a.heard.Add(int64(len(b)))
	}
}

func (a *attachment) ping(ctx context.Context) {
	ticker := time.NewTicker(signal.PingInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if a.send(ctx, map[string]any{"type": "ping", "t": 1}) != nil {
				return
			}
		}
	}
}

// show says what each slot shows.
func (a *attachment) show(ctx context.Context, video, audio []string) error {
	a.seq++
	return a.send(ctx, map[string]any{"type": "subscribe", "seq": a.seq, "video": video, "audio": audio})
}

// leave gives the place up at once, which a socket that is gone keeps for a while.
func (a *attachment) leave() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if a.conn != nil {
		_ = a.send(ctx, map[string]any{"type": "leave"})
	}
}

func (a *attachment) close() {
	a.cancel()
	if a.conn != nil {
		_ = a.conn.CloseNow()
	}
	a.client.Close()
	a.wg.Wait()
}
