package browser

import (
	"maps"

	"github.com/meridian-video/meridian/testbed/client"
	"github.com/meridian-video/meridian/testbed/cluster"
)

// Room is a configured room of the cluster's company.
type Room struct {
	c        *cluster.Cluster
	id, path string
}

// NewRoom makes a room that is open to everybody; more changes that or adds to it.
func NewRoom(c *cluster.Cluster, id string, more object) *Room {
	body := object{"public_id": id, "open": true}
	maps.Copy(body, more)
	r := &Room{c: c, id: id, path: "/m/" + id + "?"}
	if body["kind"] == "webinar" {
		r.path = "/webinar/?roomId=" + id + "&"
	}
	c.Call("POST", "/companies/"+c.Company+"/rooms", body, nil)
	c.WaitKnown()
	return r
}

// Token lets in whom the claims describe.
func (r *Room) Token(claims object) string {
	var minted struct{ Token string }
	r.c.Call("POST", "/companies/"+r.c.Company+"/rooms/"+r.id+"/tokens", claims, &minted)
	return minted.Token
}

// Moderator lets a moderator in.
func (r *Room) Moderator(name string) string {
	return r.Token(object{"name": name, "role": "moderator"})
}

// At is the address of the page as a POP serves it.
func (r *Room) At(pop string) string { return r.c.Edges[pop].URL + r.path + "pop=" + pop }

// In is the same for who brings a token and sees no form.
func (r *Room) In(pop, token string) string {
	return r.At(pop) + "&nameScreenDisabled=1&token=" + token
}

// Client are the options of a client without a page at a POP.
func (r *Room) Client(pop, name string) client.Options {
	return client.Options{WS: "ws" + r.c.Edges[pop].URL[len("http"):] + "/ws", Room: r.id, Name: name, Video: 1, Audio: 1}
}
