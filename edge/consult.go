package edge

import (
	"cmp"
	"context"
	"errors"

	"github.com/meridian-video/meridian/control/client"
	"github.com/meridian-video/meridian/control/entry"
	"github.com/meridian-video/meridian/control/notify/guard"
	"github.com/meridian-video/meridian/edge/ask"
	"github.com/meridian-video/meridian/edge/signal"
)

// Partners says how companies' own servers are reached.
type Partners struct {
	// Guard says which addresses may be called; nil: public ones.
	Guard *guard.Guard
}

func newAsker(p Partners) *ask.Asker {
	return &ask.Asker{Client: cmp.Or(p.Guard, new(guard.Guard)).Client(ask.Timeout)}
}

// registered puts a company's servers into the input of the decision.
func registered(view *client.View, c client.Company, out *entry.Company) {
	for kind, to := range map[string]*entry.Endpoint{client.AccessWebhook: &out.Access, client.JoinWebhook: &out.Event, client.CloseWebhook: &out.Close} {
		if w, ok := view.Webhook(c.ID, kind); ok {
			*to = entry.Endpoint{URL: w.URL, Registered: w.ID, Method: w.Method, FailOpen: w.FailOpen}
		}
	}
}

// consult asks the company's servers whether somebody may come in, before anybody
// in the room learns of them. checking is called once, before the first.
func (n *Node) consult(ctx context.Context, d considered, v visit) error {
	if len(d.Asks) == 0 {
		return nil
	}
	if _, err := n.waits(d); err != nil {
		return err // nobody is asked about who would not get in anyway
	}
	if v.watches { // whose coming and going nobody could be told
		return signal.Refuse(signal.Denied, "Access denied: this meeting admits people by its page alone.", nil)
	}
	if v.checking != nil {
		v.checking()
	}
	who := ask.Visitor{Room: d.Room, Peer: d.Peer, Name: d.Name, Token: v.brought(d)}
	for _, q := range d.Asks {
		if err := n.question(ctx, d.Company, q, who); err != nil {
			return n.turnedAway(d, q, err)
		}
	}
	return nil
}

// brought is the token that partners are told: the signed one, else the access
// token.
func (v visit) brought(d considered) string {
	return cmp.Or(v.token, d.AccessToken)
}

func (n *Node) question(ctx context.Context, company string, q entry.Ask, who ask.Visitor) error {
	authorization := q.Endpoint.Authorization
	if q.Endpoint.Registered != "" {
		var err error
		if authorization, err = n.headerOf(ctx, company, q.Endpoint.Registered); err != nil {
			if q.FailOpen {
				return nil
			}
			return &ask.Refusal{Code: ask.Unreachable, Cause: err}
		}
	}
	return n.asker.Ask(ctx, q, authorization, who)
}

func (n *Node) headerOf(ctx context.Context, company, id string) (string, error) {
	w, ok := n.cfg.Configuration.View().WebhookByID(company, id)
	if !ok {
		return "", errNoHeader
	}
	return n.headers.of(ctx, w)
}

// turnedAway is what a visitor is told of a server's no.
func (n *Node) turnedAway(d considered, q entry.Ask, err error) error {
	r, ok := errors.AsType[*ask.Refusal](err)
	if !ok {
		return err // the visitor has gone
	}
	n.log.Info("a company's server keeps somebody out", "company", d.Company, "room", d.Room, "question", string(q.Question), "status", r.Status, "code", string(r.Code), "cause", r.Cause)
	out := signal.Refuse(signal.Code(r.Code), consulted[r.Code], err)
	out.Reason, out.Contact = r.Reason, r.Contact
	if r.Code == ask.TooEarly && !d.StartTime.IsZero() {
		out.Opens = &d.StartTime
	}
	return out
}

var consulted = map[ask.Code]string{
	ask.Denied:      "Access denied.",
	ask.Locked:      "Nobody can come in just now.",
	ask.TooEarly:    "The event has not started yet.",
	ask.Unreachable: "Authorisation server unavailable, try again.",
}
