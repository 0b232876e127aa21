//go:build linux

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/coder/websocket"
)

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
