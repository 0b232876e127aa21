package ask

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/meridian-video/meridian/control/entry"
	"github.com/meridian-video/meridian/control/notify/guard"
)

// How long a server may take (L-18): each of two attempts, and between them.
const (
	Timeout = 5 * time.Second
	pause   = 500 * time.Millisecond
)

// Longest is how long a question with its second attempt takes at the most.
const Longest = 2*Timeout + pause

// maxBody bounds, in bytes, what is read of an answer.
const maxBody = 4 << 10

// Visitor is who is asked about.
type Visitor struct {
	Room, Peer, Name string
	// Token is what they brought: the signed one, else the access token; may be
	// empty.
	Token string
}

// Code says what came of a question.
type Code string

// The codes of refusals. They are those of the signalling protocol.
const (
	Denied      Code = "denied"       // may not come in
	Locked      Code = "locked"       // not now: closed for the moment, or full
	TooEarly    Code = "too_early"    // not yet
	Unreachable Code = "check_failed" // nobody knows: the server did not answer, or not with sense
)

// Refusal is returned for a visitor who does not come in.
type Refusal struct {
	Code Code
	// Reason and Contact are what the server says to the visitor: plain text of
	// at most 500 and 200 characters, empty where it says nothing.
	Reason, Contact string
	Status          int   // of the answer; 0: there was none
	Cause           error // may be nil
}

func (r *Refusal) Error() string {
	if r.Cause != nil {
		return string(r.Code) + ": " + r.Cause.Error()
	}
	return string(r.Code) + ": " + http.StatusText(r.Status)
}

func (r *Refusal) Unwrap() error { return r.Cause }

// Asker asks. It may be used by any number of goroutines.
type Asker struct {
	// Client is one of package guard with Timeout; no redirect is followed.
	Client *http.Client
}

// Ask makes the question. The error is nil where the visitor may come in, else
// a *Refusal, or the context's. The authorization is the value of the header,
// empty for none.
func (a *Asker) Ask(ctx context.Context, q entry.Ask, authorization string, v Visitor) error {
	r := a.once(ctx, q, authorization, v)
	if r != nil && again(r) {
		wait := time.NewTimer(pause)
		defer wait.Stop()
		select {
		case <-wait.C:
			r = a.once(ctx, q, authorization, v)
		case <-ctx.Done():
		}
	}
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case r == nil, r.Code == Unreachable && q.FailOpen:
		return nil
	}
	return r
}

// again says whether a second attempt may go better.
func again(r *Refusal) bool {
	return r.Code == Unreachable && !errors.Is(r.Cause, guard.ErrURL) && !errors.Is(r.Cause, guard.ErrAddress) && !errors.Is(r.Cause, guard.ErrRedirect)
}

func (a *Asker) once(ctx context.Context, q entry.Ask, authorization string, v Visitor) *Refusal {
	request, err := newRequest(ctx, q, v)
	if err != nil {
		return &Refusal{Code: Unreachable, Cause: guard.ErrURL}
	}
	if authorization != "" {
		request.Header.Set("Authorization", authorization)
	}
	answer, err := a.Client.Do(request)
	if err != nil {
		if e, ok := errors.AsType[*url.Error](err); ok {
			err = e.Err // without the URL, which holds what the visitor brought
		}
		return &Refusal{Code: Unreachable, Cause: err}
	}
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxBody))
	_ = answer.Body.Close()
	if err != nil {
		body = nil // the status has said it
	}
	return verdict(answer.StatusCode, answer.Header.Get("Content-Type"), body)
}
