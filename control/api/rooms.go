package api

import (
	"context"

	"github.com/meridian-video/meridian/control/state"
)

// Room is a room as it is shown.
type Room struct {
	state.Room
	HasPassword  bool   `json:"has_password" doc:"Who enters types a password."`
	ModeratorPIN string `json:"moderator_pin,omitempty" doc:"Shown to keys with rooms:write."`
}

type newRoom struct {
	state.RoomSpec
	Password     string `json:"password,omitempty" minLength:"4" maxLength:"256" doc:"Who enters types it. It is not shown again; null takes it away."`
	ModeratorPIN string `json:"moderator_pin,omitempty" minLength:"4" maxLength:"12" pattern:"^[0-9]*$" doc:"Digits that make a moderator, unique in the dial-in space."`
}

// Meeting is a meeting as it is shown.
type Meeting struct {
	state.Meeting
	SecurityPIN string `json:"security_pin,omitempty" doc:"Shown to keys with meetings:write."`
}

type newMeeting struct {
	state.MeetingSpec
	SecurityPIN string `json:"security_pin,omitempty" minLength:"4" maxLength:"12" pattern:"^[0-9]*$" doc:"Digits that everybody types who enters."`
}

func (a *API) roomResources() {
	add(a, resource[state.Room, newRoom]{
		kind: state.KindRoom, place: ofCompany, path: "rooms", one: "room", many: "rooms of a company", verbs: canAll,
		create: `{"public_id":"standup","name":"Stand-up","home_pop":"fra","moderator_pin":"470815"}`,
		change: `{"open":true,"settings":{"lobby":true}}`,
		extra:  `{"kind":"call","number":1,"has_password":false}`,
		shape:  Room{},
		own:    func(_ *state.View, r state.Room) string { return r.User },
		claim:  claimRoom,
		free:   []string{"public_id", "kind", "name", "user", "home_pop", "open", "settings", "password", "moderator_pin"},
		filters: []filter[state.Room]{
			byIndex[state.Room]("user", "Those of this user."), byKey[state.Room]("public_id", "The one with this public id.", same),
		},
		find: func(v *state.View, owner, id string) (state.Room, bool) { // by id, then by public id
			if r, ok := state.GetOwned[state.Room](v, owner, id); ok {
				return r, true
			}
			return state.Find[state.Room](v, "public_id", owner, id)
		},
		prepare: prepareRoom,
		show:    showRoom,
	})
	add(a, resource[state.Meeting, newMeeting]{
		kind: state.KindMeeting, place: ofCompany, path: "meetings", one: "meeting", many: "dates in rooms of a company", verbs: canAll,
		create: `{"room":"{{room}}","user":"{{user}}","subject":"Planning","starts_at":"2026-12-01T09:00:00Z","duration_minutes":45,"time_zone":"Europe/Berlin"}`,
		change: `{"starts_at":"2026-12-01T10:00:00Z"}`,
		extra:  `{"number":1,"auto_record":"none","status":"scheduled"}`,
		shape:  Meeting{},
		own:    func(_ *state.View, m state.Meeting) string { return m.User },
		claim:  claimMeeting,
		free: []string{
			"room", "user", "subject", "agenda", "starts_at", "duration_minutes", "time_zone", "auto_record", "auto_transcribe", "mute_mode",
			"one_time_code", "public", "status", "security_pin",
		},
		filters: []filter[state.Meeting]{
			byIndex[state.Meeting]("room", "Those in this room."), byIndex[state.Meeting]("user", "Those held by this user."),
		},
		prepare: func(a *API, ctx context.Context, d *draft[state.Meeting]) error {
			d.sealInto(a, state.KindMeeting, "security_pin", "pin")
			return d.set.checkZone(ctx)
		},
		show: func(a *API, c *call, m state.Meeting, _ string) any {
			out := Meeting{Meeting: state.Mask(m)}
			if m.Secret != nil && c.may("meetings:write") {
				out.SecurityPIN = a.opened(m.Secret.PIN, state.KindMeeting, m.ID, "pin")
			}
			return out
		},
	})
	add(a, resource[state.Attendee, state.AttendeeSpec]{
		kind: state.KindAttendee, place: ofCompany, path: "attendees", one: "attendee", many: "people invited to meetings of a company", verbs: canAll,
		create: `{"meeting":"{{meeting}}","customer":"{{customer}}"}`, change: `{"role":"moderator"}`, extra: `{"role":"attendee","number":2}`,
		own: hostOf, claim: claimAttendee, free: []string{"meeting", "user", "customer", "name", "email", "role"},
		filters: []filter[state.Attendee]{
			byIndex[state.Attendee]("meeting", "Those of this meeting."), byIndex[state.Attendee]("user", "Those of this user."),
			byIndex[state.Attendee]("customer", "Those of this customer."),
		},
	})
}

// prepareRoom hides the room's password and PIN. The digest finds the room by its PIN and keeps PINs unique.
func prepareRoom(a *API, ctx context.Context, d *draft[state.Room]) error {
	d.sealInto(a, state.KindRoom, "moderator_pin", "pin")
	switch {
	case d.in.clears("moderator_pin"):
		d.hide("pin_digest", nil)
	case d.in.has("moderator_pin"):
		d.hide("pin_digest", a.seal.Digest("moderator_pin", d.in.text("moderator_pin")))
	}
	return d.hashInto(ctx, a, 4)
}

func showRoom(a *API, c *call, r state.Room, _ string) any {
	out := Room{Room: state.Mask(r)}
	if r.Secret == nil {
		return out
	}
	out.HasPassword = r.Secret.Password != ""
	if c.may("rooms:write") {
		out.ModeratorPIN = a.opened(r.Secret.PIN, state.KindRoom, r.ID, "pin")
	}
	return out
}
