package relay

import (
	"context"
	"fmt"
	"time"

	"github.com/quic-go/quic-go"

	"github.com/meridian-video/meridian/geo"
	"github.com/meridian-video/meridian/relay/wire"
)

// Bounds of calls a node answers.
const (
	maxCalls    = 64               // at once on a link
	callTimeout = 30 * time.Second // when the caller names none, or more
)

// Call asks a peer and waits for its answer, on a stream of its own: calls do not wait
// for each other or for messages. The error of the layer above at the peer comes as a
// *RemoteError; ErrLinkDown leaves open whether the call was carried out.
func (m *Mesh) Call(ctx context.Context, to geo.NodeID, topic string, body []byte) ([]byte, error) {
	if len(topic) > wire.MaxTopic || len(body) > wire.MaxBody {
		return nil, fmt.Errorf("call %q at %q: %w", topic, to, ErrTooLarge)
	}
	p, err := m.peer(to)
	if err != nil {
		return nil, err
	}
	l, err := p.connect(ctx)
	if err != nil {
		return nil, err
	}
	answer, err := l.call(ctx, topic, body)
	if err != nil {
		return nil, fmt.Errorf("call %q at %q: %w", topic, to, err)
	}
	return answer, nil
}

func (l *link) call(ctx context.Context, topic string, body []byte) ([]byte, error) {
	stream, err := l.conn.OpenStreamSync(ctx)
	if err != nil {
		return nil, l.callError(ctx, err)
	}
	stream.SetPriority(urgencyMessages, false)
	stop := context.AfterFunc(ctx, func() {
		stream.CancelRead(streamDone)
		stream.CancelWrite(streamDone)
	})
	defer stop()
	defer stream.CancelRead(streamDone)
	question := wire.Call{Topic: topic, Body: body}
	if deadline, ok := ctx.Deadline(); ok {
		question.Timeout = uint32(max(min(time.Until(deadline), callTimeout), time.Millisecond) / time.Millisecond)
	}
	if _, err = stream.Write(wire.AppendCall(nil, question)); err != nil {
		return nil, l.callError(ctx, err)
	}
	// Fails when the peer has answered already and reads no further: the answer counts.
	if err = stream.Close(); err != nil {
		l.mesh.cfg.Log.Debug("relay call no longer read by the peer", "peer", l.peer.id, "err", err)
	}
	t, frame, err := wire.ReadFrame(stream, nil)
	if err != nil {
		return nil, l.callError(ctx, err)
	}
	return decodeAnswer(t, frame)
}

func decodeAnswer(t wire.Type, body []byte) ([]byte, error) {
	switch t {
	case wire.TypeAnswer:
		return wire.DecodeAnswer(body)
	case wire.TypeRefused:
		r, err := wire.DecodeRefused(body)
		if err != nil {
			return nil, err
		}
		return nil, refusalError(r)
	default:
		return nil, unknownFrame(t)
	}
}

// callError prefers the reason a call ended to the stream error that it showed as.
func (l *link) callError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if l.conn.Context().Err() != nil || l.ctx.Err() != nil {
		return down(err)
	}
	return err
}

// serveCall answers one call.
func (l *link) serveCall(stream *quic.Stream, body []byte) error {
	question, err := wire.DecodeCall(body)
	if err != nil {
		return err
	}
	answer, err := l.answer(stream.Context(), question)
	if err == nil && len(answer) > wire.MaxBody {
		err = fmt.Errorf("answer of %d bytes: %w", len(answer), ErrTooLarge)
	}
	frame := wire.AppendAnswer(nil, answer)
	if err != nil {
		frame = wire.AppendRefused(nil, refusal(err))
	}
	if _, err := stream.Write(frame); err != nil {
		l.mesh.cfg.Log.Debug("relay answer not wanted any more", "peer", l.peer.id, "topic", question.Topic, "err", err)
	}
	return nil
}

func (l *link) answer(ctx context.Context, question wire.Call) ([]byte, error) {
	if !l.enterCall() {
		return nil, ErrBusy
	}
	defer l.leaveCall()
	if l.mesh.cfg.Answer == nil {
		return nil, &RemoteError{Code: "unknown-topic", Message: "this node answers no calls"}
	}
	timeout := callTimeout
	if question.Timeout != 0 {
		timeout = min(timeout, time.Duration(question.Timeout)*time.Millisecond)
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	return l.mesh.cfg.Answer(ctx, l.peer.id, question.Topic, question.Body)
}

func (l *link) enterCall() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.calls >= maxCalls {
		return false
	}
	l.calls++
	return true
}

func (l *link) leaveCall() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls--
}
