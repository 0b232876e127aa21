package scenario

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/meridian-video/meridian/edge/signal"
	"github.com/meridian-video/meridian/testbed/client"
)

// address is who opens an address of G-Core's partners, as the page reads it.
func (r *room) address(text string) client.Options {
	r.t.Helper()
	u, err := url.Parse(text)
	r.must(err)
	o := client.Options{Source: "gcore", Kind: strings.Trim(u.Path, "/"), Video: 1, Audio: 1, Attributes: map[string]string{}}
	for name, values := range u.Query() {
		o.Attributes[name] = values[0]
	}
	o.Room, o.Token = o.Attributes["roomId"], o.Attributes["token"]
	delete(o.Attributes, "token")
	return o
}

// opens makes somebody near a POP open an address there.
func (r *room) opens(pop, address string) *client.Client {
	r.t.Helper()
	c, err := r.tryOpen(pop, address)
	if err != nil {
		r.t.Fatalf("%s at %s: %v", address, pop, err)
	}
	return c
}

func (r *room) tryOpen(pop, address string) (*client.Client, error) {
	return r.TryJoin(pop, pop, r.address(address))
}

// denied opens an address and wants it refused with a code.
func (r *room) denied(pop, address string, want signal.Code) {
	r.t.Helper()
	if _, err := r.tryOpen(pop, address); refusal(err) != want {
		r.t.Errorf("%s at %s: %v, want %s", address, pop, err, want)
	}
}

// refusal is why a join was refused; empty if it was not.
func refusal(err error) signal.Code {
	if r, ok := errors.AsType[*client.Refusal](err); ok {
		return r.Code
	}
	return ""
}

// backend is a partner's own server, beside a POP that it calls with a key.
type backend struct {
	*room
	pop, key string
	browser  *http.Client
}

func (r *room) backend(pop string) backend {
	r.t.Helper()
	var made struct{ Key string }
	r.tenant("iad", "POST", "/api-keys", object{"name": "backend"}, &made)
	r.known()
	return backend{r, pop, made.Key, r.browser(pop)}
}

// get gives the status and the answer to a call.
func (b backend) get(path string) (status int, answer object) {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, "http://"+b.edgeIP(b.pop)+path, nil)
	b.must(err)
	req.Header.Set("Authorization", "Bearer "+b.key)
	res, err := b.browser.Do(req)
	b.must(err)
	defer res.Body.Close()
	b.must(json.NewDecoder(res.Body).Decode(&answer))
	return res.StatusCode, answer
}

// counts waits until a room has so many people by the partner's own server; no
// people are no room.
func (b backend) counts(room string, people int) {
	b.t.Helper()
	b.Wait(fmt.Sprintf("%s counts %d", b.pop, people), func() error {
		switch status, answer := b.get("/rooms/" + room + "/numberPeers"); {
		case people == 0 && status == http.StatusBadRequest:
		case people > 0 && status == http.StatusOK && answer["numberPeers"] == float64(people):
		default:
			return fmt.Errorf("%d %v", status, answer)
		}
		return nil
	})
}
