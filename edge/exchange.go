package edge

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/meridian-video/meridian/control/client"
	"github.com/meridian-video/meridian/control/token"
	"github.com/meridian-video/meridian/edge/signal"
)

const (
	maxExchange     = 16 << 10 // bytes of a request
	exchangeTimeout = 5 * time.Second
	minBrowser      = 22 // of a browser's secret: 128 bits in base64
	maxBrowser      = 128
)

// exchanging is a token that serves once, and the secret of the browser that
// brings it.
type exchanging struct {
	Token   string `json:"token"`
	Browser string `json:"browser"`
}

// parseExchange reads the body of an exchange.
func parseExchange(body []byte) (e exchanging, err error) {
	if err := json.Unmarshal(body, &e); err != nil {
		return e, signal.Refuse(signal.BadMessage, "body: is no JSON of an exchange", err)
	}
	if len(e.Browser) < minBrowser || len(e.Browser) > maxBrowser {
		return e, signal.Refuse(signal.BadMessage, "browser: must have 22 to 128 characters", nil)
	}
	return e, nil
}

// exchange gives a token that serves once for one that serves in the browser that
// brought it. A browser whose answer was lost may ask again.
func (n *Node) exchange(w http.ResponseWriter, r *http.Request) {
	trace := signal.NewTrace()
	out, err := n.exchanged(r.Context(), w, r)
	if err != nil {
		n.log.Info("token not exchanged", "trace", trace, "err", err)
		signal.Problem(w, err, trace)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(struct { // the browser is gone: it asks again
		Token   string    `json:"token"`
		Room    string    `json:"room,omitempty"`
		Expires time.Time `json:"expires_at"`
	}{out.Token, out.Room, out.Expires})
}

func (n *Node) exchanged(ctx context.Context, w http.ResponseWriter, r *http.Request) (out client.ExchangeAnswer, err error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxExchange))
	if err != nil {
		return out, signal.Refuse(signal.BadMessage, "body: is too long or broke off", err)
	}
	e, err := parseExchange(body)
	if err != nil {
		return out, err
	}
	c, err := n.company(r.Host)
	if err != nil {
		return out, err
	}
	// Control says no again; forgeries must not get so far.
	if _, err := n.cfg.Configuration.View().Keyring(c.ID).Verify(e.Token, token.Expect{Kinds: token.Exchanged}, time.Now()); err != nil {
		return out, exchangeError(err)
	}
	if n.cfg.Control == nil {
		return out, exchangeError(errNoControl)
	}
	ctx, cancel := context.WithTimeout(ctx, exchangeTimeout)
	defer cancel()
	out, err = n.cfg.Control.Exchange(ctx, client.ExchangeRequest{Company: c.ID, Token: e.Token, Binding: token.Bind(e.Browser)})
	if err != nil {
		return out, exchangeError(err)
	}
	return out, nil
}

// errNoControl is why a node that asks nobody exchanges nothing.
var errNoControl = errors.New("no control plane")

// exchangeError says why a token was not exchanged. What is not known to be right
// is refused: nobody but control knows whether it was used.
func exchangeError(err error) error {
	if c, ok := errors.AsType[interface {
		error
		Code() string
	}](err); ok {
		return signal.Refuse(signal.Code(c.Code()), "Access denied: "+c.Error()+".", err)
	}
	return &signal.Error{Kind: signal.Refused, Code: signal.TryAgain, Message: "Your invitation cannot be checked now; try again.", RetryAfter: 2, Cause: err}
}
