package client

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/meridian-video/meridian/control/ca"
	"github.com/meridian-video/meridian/control/feed"
	"github.com/meridian-video/meridian/control/state"
)

const (
	// silence is how long control may say nothing, three beats, before the stream counts as dead.
	silence = 3 * feed.BeatInterval
	// connectTimeout bounds dialling, handshake and the answer's head.
	connectTimeout = 10 * time.Second
)

// errSilence is the cause when a stream was given up.
var errSilence = errors.New("control was silent for three beats")

// follow reads one stream until it ends. heard tells whether it was of use.
func (c *Client) follow(ctx context.Context, addr string) (heard bool, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	conn, err := c.dialControl(ctx, "tcp", addr)
	if err != nil {
		return false, err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	watchdog := time.AfterFunc(connectTimeout, func() { cancel(errSilence) })
	defer watchdog.Stop()

	lines, err := c.request(ctx, conn)
	if err != nil {
		return false, first(context.Cause(ctx), err)
	}
	c.reconnects.Inc()
	c.replica.partial = nil
	for {
		line, err := readLine(lines)
		if err != nil {
			return heard, first(context.Cause(ctx), err)
		}
		watchdog.Reset(silence)
		f, err := feed.Decode(line)
		if err != nil {
			return heard, err
		}
		if err := c.take(f, line); err != nil {
			c.forget()
			return heard, err
		}
		if f.Type == feed.TypeBeat || f.Type == feed.TypeDelta {
			heard = true
			c.beat.Store(time.Now().UnixNano())
		}
		if f.Type == feed.TypeBeat {
			c.caughtUp()
			c.disk.hear(time.Now())
		}
		if lines.Buffered() == 0 || len(c.pending) >= 256 {
			c.save()
		}
	}
}

// take applies a frame and shows the result before the disk has it: a revoked key is dead at once.
func (c *Client) take(f feed.Frame, line []byte) error {
	out, err := c.replica.apply(f)
	if err != nil {
		return err
	}
	switch out {
	case replaced:
		c.snapshots.Inc()
		c.pending, c.dirty = nil, true
		c.publish()
	case changed:
		c.deltas.Inc()
		c.pending = append(c.pending, line)
		c.publish(kindsOf(f)...)
	case unchanged:
		if v := c.view.Load(); f.Type == feed.TypeBeat && v != nil && v.index != c.replica.index {
			c.view.Store(c.replica.view()) // the same content, complete up to a later index
		}
	}
	return nil
}

func kindsOf(f feed.Frame) (kinds []state.Kind) {
	for _, c := range f.Changes {
		kinds = append(kinds, c.Kind)
	}
	return kinds
}

// forget makes the next stream start with a snapshot, because this one did not fit the copy. The views stay.
func (c *Client) forget() {
	c.replica.index = 0
	c.dirty = false
	c.pending = nil
}

// save brings the disk up to the replica. What fails is tried again as a whole snapshot with the next change;
// the edge goes on from memory.
func (c *Client) save() {
	if c.replica.copy == nil || c.replica.index == 0 || c.replica.partial != nil || len(c.pending) == 0 && !c.dirty {
		return
	}
	var err error
	if !c.dirty && c.disk.log != nil && !c.disk.full() {
		err = c.disk.append(c.pending)
	} else {
		err = c.saveAll()
	}
	c.pending = nil
	c.dirty = err != nil
	if err != nil {
		c.diskErrors.Inc()
		c.log.Error("the copy on disk is behind", "err", err)
	}
}

func (c *Client) saveAll() error {
	frames, err := c.replica.frames()
	if err != nil {
		return err
	}
	return c.disk.replace(c.replica.epoch, frames)
}

// dialControl opens TLS to a control node.
func (c *Client) dialControl(ctx context.Context, network, addr string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	raw, err := c.cfg.Dial(ctx, network, addr)
	if err != nil {
		return nil, fmt.Errorf("reach control: %w", err)
	}
	conn := tls.Client(raw, c.id.ControlClientTLS())
	if err := conn.HandshakeContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("TLS with control: %w", err), raw.Close())
	}
	return conn, nil
}

// request asks for the feed and returns the reader of its lines.
func (c *Client) request(ctx context.Context, conn net.Conn) (*bufio.Reader, error) {
	q := url.Values{}
	if c.replica.index > 0 {
		q.Set("from", strconv.FormatUint(c.replica.index, 10))
		q.Set("epoch", c.replica.epoch)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+ca.ControlName+feed.Path+"?"+q.Encode(), nil)
	if err != nil {
		return nil, err
	}
	if err := req.Write(conn); err != nil {
		return nil, fmt.Errorf("ask for the feed: %w", err)
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), req)
	if err != nil {
		return nil, fmt.Errorf("ask for the feed: %w", err)
	}
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("ask for the feed: control answers %s", res.Status)
	}
	return bufio.NewReaderSize(res.Body, 64<<10), nil
}

// readLine reads up to a newline, at most feed.MaxFrame bytes.
func readLine(r *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case err == nil:
			return line, nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, err
		case len(line) > feed.MaxFrame:
			return nil, feed.ErrFrame
		}
	}
}

func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
