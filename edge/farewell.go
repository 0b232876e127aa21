package edge

import (
	"github.com/meridian-video/meridian/control/history/record"
	"github.com/meridian-video/meridian/edge/room"
)

// farewell is what the record of a presence's end is to say outside, besides
// who has left; "" where nobody is told. Control knows the registered servers
// itself. A token that is too long to be kept with everybody in the room is left
// out, and so is a server whose address is.
func farewell(d considered, v visit) string {
	if d.Tells.URL == "" {
		return ""
	}
	f := record.Farewell{Token: v.brought(d)}
	if registered := d.input.Company.Close; registered.Registered == "" || d.Tells.Registered != registered.Registered || d.Tells.URL != registered.URL {
		f.URL, f.Method, f.Authorization, f.Webhook = d.Tells.URL, d.Tells.Method, d.Tells.Authorization, d.Tells.Registered
	}
	for _, shorter := range []func(){func() {}, func() { f.Token = "" }, func() { f = record.Farewell{} }} {
		shorter()
		if text := f.Text(); len(text) <= room.MaxFarewell {
			return text
		}
	}
	return ""
}
