package notify

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/meridian-video/meridian/control/history/record"
	"github.com/meridian-video/meridian/control/notify/guard"
	"github.com/meridian-video/meridian/control/notify/queue"
)

// departureEndpoint is the lane of servers that no company has registered: those
// that a visitor's token, or a link while a company tries things out, has named.
const departureEndpoint = "@departure"

// typeDeparture is how the delivery log calls them.
const typeDeparture = "closePeer"

// Caller is a company's server that is told who has left.
type Caller struct {
	ID, URL, Method string
	Authorization   string
}

// Departures knows the servers that are told who has left. ErrNoEndpoint where
// there is none of an id.
type Departures interface {
	Callers(company string) ([]Caller, error) // without their headers
	Caller(company, id string) (Caller, error)
}

// Presences knows when people were there; the zero time where it does not.
type Presences interface {
	LastTick(ctx context.Context, company, session, presence string) (time.Time, error)
}

// departure is one end on its way to one server.
type departure struct {
	Room string `json:"room"`
	Peer string `json:"peer"`
	Name string `json:"name"`
	record.Farewell
}

// departures makes notices of ends: one for each presence and server, so that
// what is told again is known. Who was replaced by their own newer presence is in
// the room still, and nobody is told (GC-A30, X-61).
func (n *Notifier) departures(ctx context.Context, records []record.Record) (notices []queue.Notice, err error) {
	if n.Departures == nil {
		return nil, nil
	}
	for _, r := range records {
		l, ok := r.(*record.Left)
		if !ok || l.Reason == record.ReasonSuperseded {
			continue
		}
		if there, err := n.stillThere(ctx, l); there || err != nil {
			if err != nil {
				return nil, err
			}
			continue
		}
		to, err := n.tells(l)
		if err != nil {
			return nil, err
		}
		notices = append(notices, to...)
	}
	return notices, nil
}

// stillThere reports whether somebody who is said to be lost was seen later: a home
// that was cut off from all others takes them for lost, and tells it when it is back.
func (n *Notifier) stillThere(ctx context.Context, l *record.Left) (bool, error) {
	if n.Presences == nil || l.Reason != record.ReasonLost {
		return false, nil
	}
	tick, err := n.Presences.LastTick(ctx, l.Company, l.Session, l.Presence)
	if err != nil {
		return false, fmt.Errorf("tell of an end: %w", err)
	}
	return tick.After(l.At), nil
}

// tells makes the notices of one end.
func (n *Notifier) tells(l *record.Left) ([]queue.Notice, error) {
	d := departure{Room: l.Room, Peer: l.Peer, Name: l.Name}
	var err error
	if d.Farewell, err = record.ParseFarewell(l.Farewell); err != nil {
		n.Log.Warn("what is to be told of an end cannot be read", "company", l.Company, "presence", l.Presence, "err", err)
	}
	endpoints := []string{departureEndpoint}
	if d.URL == "" {
		if endpoints, err = n.callers(l.Company); err != nil || len(endpoints) == 0 {
			return nil, err
		}
	}
	payload, err := json.Marshal(d)
	if err != nil {
		return nil, fmt.Errorf("tell of an end: %w", err)
	}
	sum := sha256.Sum256([]byte(typeDeparture + "\x00" + l.ID()))
	return []queue.Notice{{
		Company: l.Company, ID: "end_" + hex.EncodeToString(sum[:16]), Kind: queue.Departure, Type: typeDeparture,
		Endpoints: endpoints, Created: n.Now(), Payload: payload,
	}}, nil
}

func (n *Notifier) callers(company string) (ids []string, err error) {
	all, err := n.Departures.Callers(company)
	if err != nil {
		return nil, fmt.Errorf("tell of an end: %w", err)
	}
	for _, c := range all {
		ids = append(ids, c.ID)
	}
	return ids, nil
}

// Leavings makes attempts to tell of ends.
type Leavings struct {
	Departures Departures
	Client     *http.Client // of package guard
}

// departureSchedule is five more attempts within ten minutes (L-18).
var departureSchedule = []time.Duration{10 * time.Second, 30 * time.Second, time.Minute, 2 * time.Minute, 5 * time.Minute}

// Schedule implements Scheduled.
func (*Leavings) Schedule() []time.Duration { return departureSchedule }

// Carry implements Carrier. Whatever is no 2xx is tried again (GC-H3).
func (c *Leavings) Carry(ctx context.Context, d queue.Delivery, _ Attempt) Answer {
	var said departure
	if err := json.Unmarshal(d.Payload, &said); err != nil {
		return Answer{Verdict: Refused, Fault: "cannot be read"}
	}
	to, err := c.caller(d, said)
	switch {
	case errors.Is(err, ErrNoEndpoint):
		return Answer{Verdict: Refused, Fault: "the webhook was deleted"}
	case err != nil:
		return Answer{Verdict: Again, Fault: "the webhook is not known now"}
	}
	request, err := to.request(ctx, said)
	if err != nil {
		return Answer{Verdict: Refused, Fault: "the URL does not parse"}
	}
	return c.send(request)
}

// caller is who is told: a registered server, or the one that the end names.
func (c *Leavings) caller(d queue.Delivery, said departure) (Caller, error) {
	if said.URL == "" {
		return c.Departures.Caller(d.Company, d.Endpoint)
	}
	to := Caller{URL: said.URL, Method: said.Method, Authorization: said.Authorization}
	if said.Webhook != "" {
		registered, err := c.Departures.Caller(d.Company, said.Webhook)
		if err != nil {
			return to, err
		}
		to.Authorization = registered.Authorization
	}
	return to, nil
}

func (c *Leavings) send(r *http.Request) Answer {
	answer, err := c.Client.Do(r)
	if err != nil {
		verdict := Again
		if errors.Is(err, guard.ErrURL) {
			verdict, err = Refused, guard.ErrURL
		}
		if e, ok := errors.AsType[*url.Error](err); ok {
			err = e.Err // without the URL, which holds what the visitor brought
		}
		return Answer{Verdict: verdict, Fault: err.Error()}
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, 4<<10))
	_ = answer.Body.Close()
	if answer.StatusCode/100 != 2 {
		return Answer{Verdict: Again, Status: answer.StatusCode, Fault: http.StatusText(answer.StatusCode)}
	}
	return Answer{Verdict: Accepted, Status: answer.StatusCode}
}

// request is what a server gets, below its address: GET unless the company has
// chosen POST.
func (c Caller) request(ctx context.Context, d departure) (*http.Request, error) {
	u, err := url.Parse(c.URL)
	if err != nil {
		return nil, err
	}
	at := u.JoinPath(typeDeparture).String()
	var r *http.Request
	if c.Method == http.MethodPost {
		body, _ := json.Marshal(map[string]string{"event": "disconnected", "roomId": d.Room, "peerId": d.Peer, "displayName": d.Name, "token": d.Token})
		r, err = http.NewRequestWithContext(ctx, http.MethodPost, at, bytes.NewReader(body))
	} else {
		separator := "?"
		if strings.Contains(at, "?") {
			separator = "&"
		}
		q := url.Values{"roomId": {d.Room}, "peerId": {d.Peer}, "displayName": {d.Name}, "token": {d.Token}}
		r, err = http.NewRequestWithContext(ctx, http.MethodGet, at+separator+q.Encode(), nil)
	}
	if err != nil {
		return nil, err
	}
	if c.Method == http.MethodPost {
		r.Header.Set("Content-Type", "application/json")
	}
	if c.Authorization != "" {
		r.Header.Set("Authorization", c.Authorization)
	}
	return r, nil
}
