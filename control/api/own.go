package api

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/meridian-video/meridian/control/state"
)

// freeSettings are those that a host chooses for an own room. The others are the company's: how one gets in, what
// is recorded and kept.
var freeSettings = []string{"lobby", "viewers_write", "hidden_controls", "default_view", "photo_source", "locale", "mute_mode", "who_shares", "who_writes", "who_raises_hands"}

// notYours blames a field that names what is another's.
func notYours(ctx context.Context, field string) error {
	p := forbidden(ctx, "A host has only what is their own: "+field+".")
	p.Errors = []FieldError{{field, "is not for this user to say"}}
	return p
}

// claimUser makes a new thing the host's, and keeps it so.
func claimUser[T any](c *call, ctx context.Context, d *draft[T]) error {
	switch {
	case d.deleting:
		return nil
	case !d.set.has("user") && d.old == nil:
		d.set.set("user", c.user())
	case d.set.has("user") && d.set.text("user") != c.user():
		return notYours(ctx, "user")
	}
	return nil
}

// claimRoom also leaves the company's settings alone.
func claimRoom(c *call, ctx context.Context, d *draft[state.Room]) error {
	if err := claimUser(c, ctx, d); err != nil || d.deleting || !d.set.has("settings") {
		return err
	}
	var chosen fields
	if json.Unmarshal(d.set["settings"], &chosen) != nil || chosen == nil { // null would take away what others chose
		return notYours(ctx, "settings")
	}
	for name := range chosen {
		if !slices.Contains(freeSettings, name) {
			return notYours(ctx, "settings."+name)
		}
	}
	return nil
}

// claimMeeting wants the host's own room.
func claimMeeting(c *call, ctx context.Context, d *draft[state.Meeting]) error {
	if err := claimUser(c, ctx, d); err != nil || d.deleting || !d.set.has("room") {
		return err
	}
	if r, ok := state.GetOwned[state.Room](c.view, d.company, d.set.text("room")); !ok || r.User != c.user() {
		return notYours(ctx, "room")
	}
	return nil
}

// claimAttendee wants the host's own meeting.
func claimAttendee(c *call, ctx context.Context, d *draft[state.Attendee]) error {
	if d.deleting || !d.set.has("meeting") {
		return nil
	}
	if m, ok := state.GetOwned[state.Meeting](c.view, d.company, d.set.text("meeting")); !ok || m.User != c.user() {
		return notYours(ctx, "meeting")
	}
	return nil
}

// claimSelf lets a host change themselves, and neither make nor end anybody.
func claimSelf(_ *call, ctx context.Context, d *draft[state.User]) error {
	if d.old == nil || d.deleting {
		return forbidden(ctx, "Users are an administrator's to make and to end.")
	}
	return nil
}

func hostOf(v *state.View, a state.Attendee) string {
	m, _ := state.Get[state.Meeting](v, a.Meeting)
	return m.User
}
