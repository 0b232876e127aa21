package api

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/meridian-video/meridian/control/history"
	"github.com/meridian-video/meridian/control/history/record"
	"github.com/meridian-video/meridian/control/state"
)

// PersonRef names one person. It is a body and no part of a path: URLs end up in logs.
type PersonRef struct {
	Email    string `json:"email,omitempty" maxLength:"254" doc:"Exactly one of the four says who."`
	User     string `json:"user,omitempty" maxLength:"64" doc:"Id of a user."`
	Customer string `json:"customer,omitempty" maxLength:"64" doc:"Id of a customer."`
	Peer     string `json:"peer,omitempty" maxLength:"256" doc:"A peer id, of somebody without an account."`
}

// Erasure says what was erased of a person, and what is kept.
type Erasure struct {
	ID           string         `json:"id" doc:"Of the audit event, which names the person by this alone."`
	Things       []ErasedObject `json:"things" nullable:"false" doc:"What was deleted of what is configured."`
	Participants int64          `json:"participants" doc:"Presences without name, attributes and ids now."`
	Messages     int64          `json:"messages" doc:"Messages without writer and text now."`
	Kept         []string       `json:"kept" nullable:"false" doc:"What stays, in sentences."`
}

// ErasedObject is a thing that was deleted.
type ErasedObject struct {
	Kind string `json:"kind"`
	ID   string `json:"id"`
}

// kept is what an erasure leaves.
var kept = []string{
	"Usage, statistics and sealed ledgers: times and counts, with a random peer id.",
	"Places and times of messages.",
	"Audit events, in which an actor is the id of a user that no longer exists.",
	"Names under which records may still arrive, for 14 days, so that these are erased, too.",
	"Notices to webhooks until they are delivered or 30 days old.",
}

type personIn struct {
	Company string `path:"company" doc:"Id of the company."`
	Body    PersonRef
}

type erasureOut struct{ Body Erasure }

func (a *API) registerPersons() {
	const path = "/companies/{company}/people"
	who := PersonRef{User: exampleID("user")}
	register(a, operation{
		method: http.MethodPost, path: path + "/export", id: "export-person", summary: "Export all that is kept of a person", tag: "people",
		scope: "people:write", status: http.StatusOK, binary: true, request: who,
		about: "Lines of JSON, each with one member that says what it is: user, customer, contact, room, meeting, attendee, participant, message, audit. " +
			"An e-mail address finds user, customer and attendees of this address, and presences under it or under their ids.",
	}, a.exportPerson)
	register(a, operation{
		method: http.MethodPost, path: path + "/erasure", id: "erase-person", summary: "Erase a person", tag: "people",
		scope: "people:write", status: http.StatusOK, request: who,
		about: "Finds what the export finds. What is configured is deleted (with a user also their permanent room and their meetings); the past keeps " +
			"what is counted and loses who it was. What edges report late is erased, too. It cannot be taken back. 404 where nothing is known of the person.",
		answer: Erasure{ID: exampleID("request"), Things: []ErasedObject{{"user", exampleID("user")}}, Participants: 12, Messages: 3, Kept: kept},
	}, heavy(a, a.erasePerson))
}

// person is what is configured of somebody, and the names they have in the past.
type person struct {
	users     []state.User
	customers []state.Customer
	attendees []state.Attendee
	who       []history.Who // in parts of what history takes at a time
}

// whoAtOnce is how many ids go into one part; each names a person and a peer.
const whoAtOnce = 400

// person finds somebody of a company.
func (ref PersonRef) person(ctx context.Context, v *state.View, company string) (p person, err error) {
	given := slices.DeleteFunc([]string{ref.Email, ref.User, ref.Customer, ref.Peer}, func(s string) bool { return s == "" })
	if len(given) != 1 {
		return p, invalid(ctx, "email", "exactly one of email, user, customer and peer must be given")
	}
	if err := plain(ctx, map[string]string{"email": ref.Email, "user": ref.User, "customer": ref.Customer, "peer": ref.Peer}); err != nil {
		return p, err
	}
	email := strings.ToLower(ref.Email)
	if u, ok := state.Find[state.User](v, "email", company, email); ok && email != "" {
		p.users = append(p.users, u)
	}
	if u, ok := state.GetOwned[state.User](v, company, ref.User); ok {
		p.users = append(p.users, u)
	}
	if c, ok := state.Find[state.Customer](v, "email", company, email); ok && email != "" {
		p.customers = append(p.customers, c)
	}
	if c, ok := state.GetOwned[state.Customer](v, company, ref.Customer); ok {
		p.customers = append(p.customers, c)
	}
	p.invitations(v, company, email)
	p.name(given[0], email, ref.User, ref.Customer)
	return p, nil
}

// invitations finds what the person was invited to. By address there is no index: it is asked for rarely.
func (p *person) invitations(v *state.View, company, email string) {
	for _, u := range p.users {
		p.attendees = slices.AppendSeq(p.attendees, state.ByIndex[state.Attendee](v, "user", u.ID, ""))
	}
	for _, c := range p.customers {
		p.attendees = slices.AppendSeq(p.attendees, state.ByIndex[state.Attendee](v, "customer", c.ID, ""))
	}
	if email == "" {
		return
	}
	for at := range state.List[state.Attendee](v, company, "") {
		if strings.EqualFold(at.Email, email) {
			p.attendees = append(p.attendees, at)
		}
	}
}

// name collects the names under which the past may know the person: ids and addresses serve as peer ids, too.
func (p *person) name(given, email string, ids ...string) {
	for _, u := range p.users {
		ids = append(ids, u.ID)
	}
	for _, c := range p.customers {
		ids = append(ids, c.ID)
	}
	for _, at := range p.attendees {
		ids = append(ids, at.ID)
	}
	ids = append(ids, given, email)
	slices.Sort(ids)
	ids = slices.DeleteFunc(slices.Compact(ids), func(s string) bool { return s == "" })
	for some := range slices.Chunk(ids, whoAtOnce) {
		p.who = append(p.who, history.Who{Persons: some, Peers: some})
	}
}

func (a *API) exportPerson(ctx context.Context, in *personIn) (*huma.StreamResponse, error) {
	of, err := companyOf(ctx)
	if err != nil {
		return nil, err
	}
	p, err := in.Body.person(ctx, callOf(ctx).view, of.ID)
	if err != nil {
		return nil, err
	}
	known, err := a.known(ctx, of.ID, p)
	if err != nil {
		return nil, err
	}
	if !known {
		return nil, notFound(ctx)
	}
	if err := a.note(ctx, of.ID, "person.export", NewID(a.now())); err != nil {
		return nil, err
	}
	release, err := a.turns.take(ctx, callOf(ctx).owner())
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(w huma.Context) {
		defer release()
		w.SetHeader("Content-Type", typeBinary)
		w.SetHeader("Content-Disposition", `attachment; filename="person.ndjson"`)
		if err := a.writePerson(ctx, of.ID, p, w.BodyWriter()); err != nil {
			a.log.Warn("a person's export is cut short", "request_id", requestID(ctx), "err", err)
			panic(http.ErrAbortHandler) // half an export must not look like a whole one
		}
	}}, nil
}

// known tells whether anything is known of the person.
func (a *API) known(ctx context.Context, company string, p person) (known bool, err error) {
	known = len(p.users)+len(p.customers)+len(p.attendees) > 0
	for _, who := range p.who {
		if !known && err == nil {
			known, err = a.history.Knows(ctx, company, who)
		}
	}
	return known, err
}

func (a *API) writePerson(ctx context.Context, company string, p person, to io.Writer) error {
	if err := p.write(callOf(ctx).view, to); err != nil {
		return err
	}
	for _, who := range p.who {
		if err := a.history.ExportPerson(ctx, company, who, to); err != nil {
			return err
		}
	}
	return nil
}

// write puts out what is configured of the person.
func (p *person) write(v *state.View, to io.Writer) error {
	out := json.NewEncoder(to)
	line := func(kind state.Kind, e any) error { return out.Encode(map[string]any{string(kind): e}) }
	for _, u := range p.users {
		if err := line(state.KindUser, state.Mask(u)); err != nil {
			return err
		}
		for r := range state.ByIndex[state.Room](v, "user", u.ID, "") {
			if err := line(state.KindRoom, state.Mask(r)); err != nil {
				return err
			}
		}
		for m := range state.ByIndex[state.Meeting](v, "user", u.ID, "") {
			if err := line(state.KindMeeting, state.Mask(m)); err != nil {
				return err
			}
		}
	}
	for _, c := range p.customers {
		if err := line(state.KindCustomer, state.Mask(c)); err != nil {
			return err
		}
		for e := range state.ByIndex[state.Contact](v, "customer", c.ID, "") {
			if err := line(state.KindContact, e); err != nil {
				return err
			}
		}
	}
	for _, at := range p.attendees {
		if err := line(state.KindAttendee, state.Mask(at)); err != nil {
			return err
		}
	}
	return nil
}

func (a *API) erasePerson(ctx context.Context, in *personIn) (*erasureOut, error) {
	of, err := companyOf(ctx)
	if err != nil {
		return nil, err
	}
	c := callOf(ctx)
	p, err := in.Body.person(ctx, c.view, of.ID)
	if err != nil {
		return nil, err
	}
	above := func(u state.User) bool { return u.Role == state.RoleReseller }
	if c.reach < reachReseller && slices.ContainsFunc(p.users, above) {
		return nil, forbidden(ctx, "A reseller's administrator is the reseller's to erase.")
	}
	known, err := a.known(ctx, of.ID, p)
	if err != nil {
		return nil, err
	}
	out := Erasure{ID: NewID(a.now()), Things: p.things(), Kept: kept}
	if known { // said before it is done
		if err := a.note(ctx, of.ID, "person.erase", out.ID); err != nil {
			return nil, err
		}
	}
	for _, who := range p.who { // the past first, since the state knows under which names
		erased, err := a.history.Erase(ctx, of.ID, who, a.now())
		if err != nil {
			return nil, err
		}
		out.Participants += erased.Participants
		out.Messages += erased.Messages
	}
	if !known {
		return nil, notFound(ctx)
	}
	return &erasureOut{out}, a.deleteThings(ctx, of.ID, out.Things)
}

// things is what must be deleted; what goes with a user or a customer is not named.
func (p *person) things() []ErasedObject {
	out := []ErasedObject{}
	for _, u := range p.users {
		out = append(out, ErasedObject{string(state.KindUser), u.ID})
	}
	for _, c := range p.customers {
		out = append(out, ErasedObject{string(state.KindCustomer), c.ID})
	}
	for _, at := range p.attendees {
		if at.Email != "" {
			out = append(out, ErasedObject{string(state.KindAttendee), at.ID})
		}
	}
	return out
}

// deleteThings deletes each with an entry and an event of its own. Who is gone already was deleted meanwhile.
func (a *API) deleteThings(ctx context.Context, company string, things []ErasedObject) error {
	for _, t := range things {
		terms := state.Terms{By: callOf(ctx).by, Request: requestID(ctx)}
		_, err := a.store.ProposeOn(ctx, &state.Delete{Kind: state.Kind(t.Kind), ID: t.ID, Company: company}, terms)
		if err != nil && !isAbsent(err) {
			return err
		}
	}
	return nil
}

func isAbsent(err error) bool {
	d, ok := errors.AsType[*state.Error](err)
	return ok && d.Code == state.CodeNotFound
}

// note leaves an audit event about a person, who is not named in it.
func (a *API) note(ctx context.Context, company, action, id string) error {
	return a.history.Ingest(ctx, &record.Audit{
		Event: id, Company: company, At: a.now(), Actor: callOf(ctx).by, Action: action,
		Object: record.Object{Kind: "person", ID: id}, Request: requestID(ctx),
	})
}
