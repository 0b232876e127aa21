package history

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/meridian-video/meridian/control/ca"
	"github.com/meridian-video/meridian/control/history/record"
	"github.com/meridian-video/meridian/geo"
)

const (
	// maxBatches is how many batches are read at a time; a decoded one is some 20 MB.
	maxBatches = 8
	// readTimeout is how long an edge may take to send one.
	readTimeout = 30 * time.Second
	// maxAhead is how far an edge's clock may be ahead of ours. Members differ by 500 ms at most; more is a fault.
	maxAhead = 5 * time.Minute
)

// Handler takes batches of records from edges, see record.Path. An edge is known by its node certificate, with
// role edge. Any edge may be a room's home, so that each may write for any room of any company that exists; it
// may not write audit events, for companies that do not exist, or what will only happen. Sessions are kept per
// company, so that no edge's mistake reaches one of another company.
type Handler struct {
	Store *Store
	// Known says whether a company exists.
	Known func(company string) bool
	// Tell lets companies know of records that are kept; nil is nobody. Where it fails the edge is not answered, and
	// brings them again: it must know what it was told before.
	Tell func(context.Context, ...record.Record) error
	Now  func() time.Time
	Log  *slog.Logger

	slots chan struct{}
}

// NewHandler makes the handler.
func NewHandler(store *Store, known func(company string) bool, log *slog.Logger) *Handler {
	return &Handler{Store: store, Known: known, Now: time.Now, Log: log, slots: make(chan struct{}, maxBatches)}
}

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	node, err := edgeOf(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusForbidden)
		return
	}
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
	default:
		w.Header().Set("Retry-After", "1")
		http.Error(w, "too many batches at a time", http.StatusTooManyRequests)
		return
	}
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(readTimeout))
	lines, err := readBatch(w, r)
	if err != nil {
		h.Log.Warn("a batch of history cannot be read", "node", node, "err", err)
		code := http.StatusBadRequest
		if errors.Is(err, errTooLarge) {
			code = http.StatusRequestEntityTooLarge
		}
		http.Error(w, err.Error(), code)
		return
	}
	answer, err := h.keep(r.Context(), lines)
	if err != nil {
		h.Log.Error("history is not kept", "node", node, "records", len(lines), "err", err)
		w.Header().Set("Retry-After", "2")
		http.Error(w, "history cannot be kept now", http.StatusServiceUnavailable)
		return
	}
	if n := len(answer.Refused); n > 0 {
		h.Log.Warn("records of history refused", "node", node, "count", n, "first", answer.Refused[0])
	}
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(answer); err != nil {
		h.Log.Debug("an answer did not arrive", "node", node, "err", err)
	}
}

// edgeOf is the edge whose certificate the connection has.
func edgeOf(r *http.Request) (geo.NodeID, error) {
	if r.TLS == nil || len(r.TLS.VerifiedChains) == 0 {
		return "", errors.New("a node certificate is required")
	}
	leaf := r.TLS.PeerCertificates[0]
	node, err := geo.NodeIDOf(leaf)
	if err != nil {
		return "", errors.New("the certificate names no node")
	}
	if ca.RoleOf(leaf) != geo.RoleEdge {
		return "", errors.New("only edges report history")
	}
	return node, nil
}

// errTooLarge is returned for a batch beyond its limits.
var errTooLarge = errors.New("the batch is too large")

// readBatch reads the lines of a request.
func readBatch(w http.ResponseWriter, r *http.Request) ([][]byte, error) {
	body := io.Reader(http.MaxBytesReader(w, r.Body, record.MaxBody))
	switch r.Header.Get("Content-Encoding") {
	case "":
	case "gzip":
		z, err := gzip.NewReader(body)
		if err != nil {
			return nil, errors.New("the batch is not gzip")
		}
		body = z
	default:
		return nil, errors.New("the batch may be compressed with gzip only")
	}
	content, err := io.ReadAll(io.LimitReader(body, record.MaxBody+1))
	if _, large := errors.AsType[*http.MaxBytesError](err); large || len(content) > record.MaxBody {
		return nil, errTooLarge
	}
	if err != nil {
		return nil, errors.New("the batch ended early")
	}
	lines := record.Lines(content)
	if len(lines) > record.MaxBatch {
		return nil, errTooLarge
	}
	return lines, nil
}

// keep stores what may be stored of a batch and says what may not.
func (h *Handler) keep(ctx context.Context, lines [][]byte) (record.Answer, error) {
	var answer record.Answer
	var good []record.Record
	latest := h.Now().Add(maxAhead)
	for i, line := range lines {
		r, err := record.Decode(line)
		if err == nil {
			err = h.permit(r, latest)
		}
		if err != nil {
			answer.Refused = append(answer.Refused, record.Refusal{Line: i, Code: codeOf(err), Message: err.Error()})
			continue
		}
		good = append(good, r)
	}
	answer.Stored = len(good)
	if err := h.Store.Ingest(ctx, good...); err != nil || h.Tell == nil {
		return answer, err
	}
	return answer, h.Tell(ctx, good...)
}

// Why an edge's record is refused although it is one.
var (
	errForbidden      = errors.New("edges do not write audit events")
	errUnknownCompany = errors.New("the company does not exist")
	errFuture         = errors.New("the time has not come yet")
)

func (h *Handler) permit(r record.Record, latest time.Time) error {
	switch {
	case r.Kind() == record.KindAudit:
		return errForbidden
	case !h.Known(r.Tenant()):
		return errUnknownCompany
	case r.When().After(latest):
		return errFuture
	}
	return nil
}

// codeOf is the one place where an error becomes a code of an answer.
func codeOf(err error) record.Code {
	for _, c := range []struct {
		err  error
		code record.Code
	}{
		{record.ErrUnknownKind, record.CodeUnknownKind}, {record.ErrInvalid, record.CodeInvalid}, {errForbidden, record.CodeForbidden},
		{errUnknownCompany, record.CodeUnknownCompany}, {errFuture, record.CodeFuture},
	} {
		if errors.Is(err, c.err) {
			return c.code
		}
	}
	return record.CodeMalformed
}
