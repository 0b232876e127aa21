package api

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/meridian-video/meridian/control/state"
)

type newUser struct {
	state.UserSpec
	Password      string         `json:"password,omitempty" minLength:"8" maxLength:"256" doc:"For signing in. It is not shown again; null takes it away."`
	PermanentRoom *permanentRoom `json:"permanent_room,omitempty" doc:"Also makes a room that comes and goes with the user."`
}

type permanentRoom struct {
	state.RoomSpec
	Password     string `json:"password,omitempty" minLength:"4" maxLength:"256" doc:"Who enters types it. It is not shown again."`
	ModeratorPIN string `json:"moderator_pin,omitempty" minLength:"4" maxLength:"12" pattern:"^[0-9]*$" doc:"Digits that make a moderator, unique in the dial-in space."`
}

func (a *API) personResources() {
	add(a, resource[state.User, newUser]{
		kind: state.KindUser, place: ofCompany, path: "users", one: "user", many: "users of a company", verbs: canAll,
		create: `{"first_name":"Ada","last_name":"Lovelace","email":"ada@acme.example","permanent_room":{"public_id":"ada","access_code":"4711001"}}`,
		change: `{"phone":"+442071234567"}`,
		extra:  `{"role":"HOST","number":1,"room":"{{room}}"}`,
		filters: []filter[state.User]{
			byKey[state.User]("email", "The one with this address.", strings.ToLower),
			{name: "openid_subject", doc: "The one with this subject.", walk: byKey[state.User]("openid", "", same).walk},
		},
		own:     func(_ *state.View, u state.User) string { return u.ID },
		claim:   claimSelf,
		free:    []string{"name", "first_name", "last_name", "phone", "locale", "time_zone", "photo", "silent"},
		prepare: prepareUser,
		update:  updateUser,
	})
	add(a, resource[state.Customer, state.CustomerSpec]{
		kind: state.KindCustomer, place: ofCompany, path: "customers", one: "customer", many: "people whom a company's users meet", verbs: canAll,
		create: `{"email":"bob@customer.example","name":"Bob"}`, change: `{"phone":"+15551234567"}`, extra: `{"number":1}`,
		filters: []filter[state.Customer]{byKey[state.Customer]("email", "The one with this address.", strings.ToLower)},
	})
	add(a, resource[state.Contact, state.ContactSpec]{
		kind: state.KindContact, place: ofCompany, path: "contacts", one: "contact", many: "customers on the lists of users",
		verbs:  canList | canCreate | canGet | canDelete,
		create: `{"user":"{{user}}","customer":"{{customer}}"}`, extra: `{"number":1}`,
		own: func(_ *state.View, c state.Contact) string { return c.User }, claim: claimUser[state.Contact], free: []string{"user", "customer"},
		filters: []filter[state.Contact]{
			byIndex[state.Contact]("user", "Those on this user's list."), byIndex[state.Contact]("customer", "Those of this customer."),
		},
	})
}

// prepareUser keeps a company from making or changing those who stand above it.
func prepareUser(a *API, ctx context.Context, d *draft[state.User]) error {
	above := d.old != nil && d.old.Role == state.RoleReseller || d.set.text("role") == state.RoleReseller
	if above && d.call.reach < reachReseller {
		return forbidden(ctx, "A reseller's administrator is the reseller's to make and change.")
	}
	d.exact = d.old != nil && d.call.reach < reachReseller
	if d.deleting {
		return nil
	}
	if err := d.set.checkZone(ctx); err != nil {
		return err
	}
	if d.in.has("permanent_room") {
		if err := d.permanentRoom(ctx, a); err != nil {
			return err
		}
	}
	if d.old != nil && (d.in.has("password") || d.set.has("email")) { // the open link was sent to who had the address before
		d.hide("link", nil)
		d.hide("link_ends", nil)
	}
	return d.hashInto(ctx, a, 8)
}

// updateUser signs out who gets another password, or is to sign in no more.
func updateUser(d *draft[state.User]) state.Command {
	set := &state.Update{Kind: state.KindUser, ID: d.id, Company: d.company, Set: d.set.object(), Secret: d.secrets()}
	if !d.in.has("password") && !d.set.has("inactive") {
		return set
	}
	return &state.Batch{Commands: []state.Command{set, &state.CloseSession{Company: d.company, User: d.id}}}
}

// permanentRoom adds the commands that make the user's room.
func (d *draft[T]) permanentRoom(ctx context.Context, a *API) error {
	var members fields
	if err := json.Unmarshal(d.in["permanent_room"], &members); err != nil || members == nil {
		return invalid(ctx, "permanent_room", "must be an object")
	}
	room := &draft[state.Room]{call: d.call, id: NewID(d.call.at), company: d.company, set: fields{}, in: fields{}}
	for name, v := range members {
		if name == "password" || name == "moderator_pin" {
			room.in[name] = v
		} else {
			room.set[name] = v
		}
	}
	room.set.set("user", d.id)
	if err := prepareRoom(a, ctx, room); err != nil {
		return err
	}
	d.more = []state.Command{
		&state.Create{Kind: state.KindRoom, ID: room.id, Company: d.company, Set: room.set.object(), Secret: room.secrets()},
		&state.SetUserRoom{Company: d.company, User: d.id, Room: room.id},
	}
	return nil
}
