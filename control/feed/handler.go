package feed

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/meridian-video/meridian/geo"
)

const (
	// BeatInterval is how often a stream says that it lives.
	BeatInterval = 2 * time.Second
	// writeTimeout is how long an edge may take no bytes before its stream is given up.
	writeTimeout = 10 * time.Second
)

// Handler serves the feed to nodes with a certificate of the cluster.
type Handler struct {
	Hub *Hub
	// Fresh tells whether this node's state is as new as the cluster's. A node that is not sends no beats,
	// so that its edges know the age of what they have and go to another.
	Fresh func() bool
	// Context ends all streams when the node closes.
	Context context.Context
	Log     *slog.Logger
}

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.TLS == nil || len(r.TLS.VerifiedChains) == 0 {
		http.Error(w, "a node certificate is required", http.StatusUnauthorized)
		return
	}
	node, err := geo.NodeIDOf(r.TLS.PeerCertificates[0])
	if err != nil {
		http.Error(w, "the certificate names no node", http.StatusForbidden)
		return
	}
	from := uint64(0)
	if q := r.URL.Query().Get("from"); q != "" {
		if from, err = strconv.ParseUint(q, 10, 64); err != nil {
			http.Error(w, "from must be a log index", http.StatusBadRequest)
			return
		}
	}
	if !h.Fresh() {
		http.Error(w, "no leader", http.StatusServiceUnavailable)
		return
	}
	s := &stream{hub: h.Hub, fresh: h.Fresh, w: w, rc: http.NewResponseController(w)}
	generation, resume, err := h.Hub.start(from, r.URL.Query().Get("epoch"))
	if errors.Is(err, errBehind) {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	s.index, s.generation = from, generation
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(h.Context, cancel)()
	h.Hub.streams.Inc()
	defer h.Hub.streams.Dec()
	h.Log.Info("edge on the feed", "node", node, "from", from, "resumed", resume)
	w.Header().Set("Content-Type", "application/x-ndjson")
	w.Header().Set("Cache-Control", "no-store")
	err = s.run(ctx, resume)
	h.Log.Info("edge off the feed", "node", node, "index", s.index, "cause", err)
}

// stream is one edge's response.
type stream struct {
	hub        *Hub
	fresh      func() bool
	w          http.ResponseWriter
	rc         *http.ResponseController
	index      uint64
	generation int
}

func (s *stream) run(ctx context.Context, resume bool) error {
	if !resume {
		if err := s.sendSnapshot(); err != nil {
			return err
		}
	}
	beat := time.NewTicker(BeatInterval)
	defer beat.Stop()
	first := true
	for {
		b := s.hub.since(s.index, s.generation)
		if b.lagged {
			s.hub.lagged.Inc()
			if err := s.sendSnapshot(); err != nil {
				return err
			}
			continue
		}
		if err := s.send(b.lines...); err != nil {
			return err
		}
		s.index = b.index
		if first { // tells the edge at once that it is up to date
			first = false
			if err := s.beat(); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-b.wake:
		case <-beat.C:
			if !s.fresh() {
				return errors.New("this node lost its leader")
			}
			s.index = max(s.index, s.caughtUp())
			if err := s.beat(); err != nil {
				return err
			}
		}
	}
}

// caughtUp is the index that a beat may claim: the newest published if nothing waits to be sent.
func (s *stream) caughtUp() uint64 {
	if b := s.hub.since(s.index, s.generation); !b.lagged && len(b.lines) == 0 {
		return b.index
	}
	return s.index
}

func (s *stream) beat() error {
	line, err := Frame{Type: TypeBeat, Index: s.index}.Encode()
	if err != nil {
		return err
	}
	return s.send(line)
}

func (s *stream) sendSnapshot() error {
	frames, index, generation, err := s.hub.snapshot()
	if err != nil {
		return err
	}
	s.hub.snapshots.Inc()
	if err := s.send(frames); err != nil {
		return err
	}
	s.index, s.generation = index, generation
	return nil
}

func (s *stream) send(parts ...[]byte) error {
	for _, p := range parts {
		for len(p) > 0 { // in pieces, each with a deadline of its own: a long snapshot is not a dead edge
			n := min(len(p), 256<<10)
			if err := s.rc.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
				return err
			}
			if _, err := s.w.Write(p[:n]); err != nil {
				return err
			}
			p = p[n:]
		}
	}
	if len(parts) == 0 {
		return nil
	}
	return s.rc.Flush()
}
