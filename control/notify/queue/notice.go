package queue

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"time"
)

// Kind is the way by which something goes out.
type Kind string

// The kinds.
const (
	Webhook Kind = "webhook"
	Mail    Kind = "mail"
	SMS     Kind = "sms"
	// Departure tells a company's own server that somebody has left.
	Departure Kind = "departure"
)

// Outcome is what became of a delivery.
type Outcome string

// The outcomes.
const (
	Pending   Outcome = ""
	Delivered Outcome = "delivered"
	Dead      Outcome = "dead"
)

var (
	// ErrNone is returned when there is no such delivery of the company.
	ErrNone = errors.New("there is no such delivery")
	// ErrSpent is returned when a delivery cannot be repeated: a letter's text is forgotten once it is sent.
	ErrSpent = errors.New("what was delivered is not kept")
)

// Notice is something that is to be said to one or several endpoints.
type Notice struct {
	Company   string
	ID        string // unique in the company; a notice that is there already is not added again
	Kind      Kind
	Type      string   // what it is, for the log: "session.opened", "invitation"
	Series    string   // notices of one series arrive in order; "" is none
	Endpoints []string // whom to tell
	Created   time.Time
	Payload   []byte // UTF-8
}

// Lane names the queue of one endpoint.
type Lane struct {
	Company  string
	Endpoint string
	Kind     Kind
}

// Delivery is a notice on its way to one endpoint.
type Delivery struct {
	Lane
	ID       string
	Notice   string
	Type     string
	Series   string // "" also when it was replayed: it then waits for nobody
	Seq      int64  // in its series, from 1; as the notice has it
	Created  time.Time
	Due      time.Time
	Attempts int       // failed so far
	Begun    time.Time // of the first one that failed; zero: none has
	Payload  []byte
}

// Result is how an attempt ended.
type Result struct {
	Delivery Delivery
	Outcome  Outcome // Pending: to be tried again
	At       time.Time
	Due      time.Time // of the next attempt
	Status   int       // of HTTP or SMTP; 0: no answer
	Fault    string    // for the log; "" when delivered
}

// DeliveryID names the delivery of a notice to an endpoint, the same each time.
func DeliveryID(notice, endpoint string) string {
	sum := sha256.Sum256([]byte(notice + "\x00" + endpoint))
	return "dlv_" + hex.EncodeToString(sum[:12])
}
