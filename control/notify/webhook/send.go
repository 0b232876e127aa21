package webhook

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/meridian-video/meridian/control/notify/guard"
)

// Limits of a call.
const (
	Timeout   = 15 * time.Second // until the answer is there, connecting included
	maxAnswer = 4 << 10          // bytes of an answer's body that are read, so that the connection may be used again
)

// Request is one attempt.
type Request struct {
	URL           string
	Authorization string // header of this name; "" is none
	Keys          []Key  // newest first
	ID            string // the same in every attempt
	At            time.Time
	Body          []byte // JSON
}

// Verdict is what an attempt means.
type Verdict string

// The verdicts.
const (
	Accepted Verdict = "accepted"
	Again    Verdict = "again"   // may go better later
	Refused  Verdict = "refused" // this event will never be accepted
	Gone     Verdict = "gone"    // nothing should be sent here any more
)

// Answer is what came of an attempt.
type Answer struct {
	Verdict Verdict
	Status  int           // 0: none came
	After   time.Duration // asked for by Retry-After; 0: nothing was
	Fault   string        // in words; "" when accepted
}

// Sender sends by a client of package guard, which follows no redirects and reaches no private address.
type Sender struct{ Client *http.Client }

// Send makes one attempt.
func (s *Sender) Send(ctx context.Context, r Request) Answer {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, r.URL, bytes.NewReader(r.Body))
	if err != nil {
		return Answer{Verdict: Refused, Fault: "the URL does not parse"}
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "Webhooks/1")
	request.Header.Set(HeaderID, r.ID)
	request.Header.Set(HeaderTimestamp, strconv.FormatInt(r.At.Unix(), 10))
	if len(r.Keys) > 0 {
		request.Header.Set(HeaderSignature, Sign(r.Keys, r.ID, r.At, r.Body))
	}
	if r.Authorization != "" {
		request.Header.Set("Authorization", r.Authorization)
	}
	answer, err := s.Client.Do(request)
	if err != nil {
		return failed(err)
	}
	_, err = io.Copy(io.Discard, io.LimitReader(answer.Body, maxAnswer))
	err = errors.Join(err, answer.Body.Close())
	verdict := judge(answer.StatusCode)
	if verdict == Accepted {
		return Answer{Verdict: Accepted, Status: answer.StatusCode} // what failed after that does not matter
	}
	fault := http.StatusText(answer.StatusCode)
	if err != nil {
		fault += ", and the answer broke off"
	}
	return Answer{Verdict: verdict, Status: answer.StatusCode, After: retryAfter(answer.Header.Get("Retry-After"), r.At), Fault: fault}
}

func failed(err error) Answer {
	if errors.Is(err, guard.ErrURL) {
		return Answer{Verdict: Refused, Fault: guard.ErrURL.Error()}
	}
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err // without the URL, which may hold a secret
	}
	return Answer{Verdict: Again, Fault: err.Error()} // a name may lead elsewhere tomorrow, even from a forbidden address
}

// judge reads a status. Of the client errors only those refuse for ever that speak of the request itself: a
// receiver that is being repaired says 401 or 404, too.
func judge(status int) Verdict {
	switch status {
	case http.StatusGone:
		return Gone
	case http.StatusBadRequest, http.StatusMethodNotAllowed, http.StatusNotAcceptable, http.StatusRequestEntityTooLarge,
		http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity, http.StatusRequestHeaderFieldsTooLarge, http.StatusNotImplemented:
		return Refused
	}
	if 200 <= status && status < 300 {
		return Accepted
	}
	return Again
}

// maxAfter bounds Retry-After.
const maxAfter = 24 * time.Hour

// retryAfter reads seconds or a date (RFC 9110 section 10.2.3).
func retryAfter(value string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		return min(time.Duration(seconds)*time.Second, maxAfter)
	}
	if at, err := http.ParseTime(value); err == nil && at.After(now) {
		return min(at.Sub(now), maxAfter)
	}
	return 0
}
