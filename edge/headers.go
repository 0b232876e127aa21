package edge

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"time"

	"github.com/meridian-video/meridian/control/client"
)

// headerTimeout bounds the question for a header.
const headerTimeout = 2 * time.Second

// errNoHeader is returned where a webhook's header can be had from nobody.
var errNoHeader = errors.New("the header of a webhook is not known now")

// headers are the Authorization headers of companies' webhooks. The copy of the
// configuration has them sealed; control opens each once, and this node keeps it
// in memory for as long as it is not changed, so that control may go away.
type headers struct {
	ask func(ctx context.Context, r client.HeaderRequest) (string, error)

	mu   sync.Mutex
	open map[string]header
}

// header is one that was opened.
type header struct {
	sealed []byte
	value  string
}

func newHeaders(c Control) *headers {
	h := &headers{open: map[string]header{}}
	if c != nil {
		h.ask = c.Header
	}
	return h
}

// of gives the header of a webhook, empty for one that has none.
func (h *headers) of(ctx context.Context, w client.Webhook) (string, error) {
	sealed := sealedHeader(w)
	if len(sealed) == 0 {
		return "", nil
	}
	h.mu.Lock()
	known, ok := h.open[w.ID]
	h.mu.Unlock()
	if ok && bytes.Equal(known.sealed, sealed) {
		return known.value, nil
	}
	if h.ask == nil {
		return "", errNoHeader
	}
	ctx, cancel := context.WithTimeout(ctx, headerTimeout)
	defer cancel()
	value, err := h.ask(ctx, client.HeaderRequest{Company: w.Company, Webhook: w.ID})
	if err != nil {
		return "", errors.Join(errNoHeader, err)
	}
	h.mu.Lock()
	h.open[w.ID] = header{sealed, value}
	h.mu.Unlock()
	return value, nil
}

func sealedHeader(w client.Webhook) []byte {
	if w.Secret == nil {
		return nil
	}
	return w.Secret.Auth
}
