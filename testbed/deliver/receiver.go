package main

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/meridian-video/meridian/control/notify/event"
	"github.com/meridian-video/meridian/control/notify/webhook"
)

// receiver is all endpoints. Those that answer fail half the time, in several manners.
type receiver struct {
	o      options
	url    string
	server *http.Server
	ended  chan struct{} // closed by stop: silent endpoints give up

	mu       sync.Mutex
	arrivals map[string]*arrival // by company and id
	accepted int                 // different events
	requests int
	wrong    []error
}

// arrival is what came of one event.
type arrival struct {
	company, room string
	seq           int64
	body          string
	first         time.Time
	acceptedAt    time.Time // first time; zero: never
	settledAt     time.Time // when it came for the last time
	tries         int
	accepts       int
}

func listen(o options) (*receiver, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	r := &receiver{o: o, url: "http://" + l.Addr().String(), ended: make(chan struct{}), arrivals: map[string]*arrival{}}
	r.server = &http.Server{Handler: r, ReadHeaderTimeout: time.Minute}
	go func() { _ = r.server.Serve(l) }() // ends by stop
	return r, nil
}

func (r *receiver) stop() error {
	close(r.ended)
	return r.server.Close()
}

// ServeHTTP implements http.Handler.
func (r *receiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	who := strings.TrimPrefix(q.URL.Path, "/")
	body, err := io.ReadAll(q.Body)
	if err != nil {
		return // the sender was killed
	}
	var number int
	if _, err := fmt.Sscanf(who, "c%d", &number); err != nil || !r.o.answers(number) {
		select {
		case <-q.Context().Done():
		case <-r.ended:
		}
		return
	}
	if r.take(who, q.Header, body) {
		return
	}
	switch rand.IntN(3) {
	case 0:
		w.WriteHeader(http.StatusInternalServerError)
	case 1:
		w.WriteHeader(http.StatusServiceUnavailable)
	default:
		panic(http.ErrAbortHandler) // the connection breaks
	}
}

// take notes a request and says whether it is accepted.
func (r *receiver) take(who string, h http.Header, body []byte) bool {
	now := time.Now()
	id := h.Get(webhook.HeaderID)
	e, err := event.Parse(body)
	err = errors.Join(err, webhook.Verify(endpointKey(who), id, h.Get(webhook.HeaderTimestamp), h.Get(webhook.HeaderSignature), body, now))
	r.mu.Lock()
	defer r.mu.Unlock()
	r.requests++
	if err != nil || e.ID != id || e.Company != who {
		r.wrong = append(r.wrong, fmt.Errorf("request %s for %s: %w", id, who, err))
		return true
	}
	a := r.arrivals[who+"/"+id]
	if a == nil {
		a = &arrival{company: who, room: e.Room, seq: e.Seq, body: string(body), first: now}
		r.arrivals[who+"/"+id] = a
	}
	if a.body != string(body) {
		r.wrong = append(r.wrong, fmt.Errorf("%s changed from %s to %s", id, a.body, body))
	}
	a.settledAt = now
	if a.tries++; a.tries <= r.o.MostFailures && rand.IntN(2) == 0 {
		return false
	}
	if a.accepts++; a.accepts == 1 {
		a.acceptedAt = now
		r.accepted++
	}
	return true
}

func (r *receiver) progress() (accepted, requests int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.accepted, r.requests
}

// rooms are the arrivals of each room, in the order of their numbers.
func (r *receiver) rooms() map[string][]*arrival {
	r.mu.Lock()
	defer r.mu.Unlock()
	rooms := map[string][]*arrival{}
	for _, a := range r.arrivals {
		rooms[a.company+"/"+a.room] = append(rooms[a.company+"/"+a.room], a)
	}
	for _, room := range rooms {
		slices.SortFunc(room, func(a, b *arrival) int { return int(a.seq - b.seq) })
	}
	return rooms
}
