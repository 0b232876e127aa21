package journey

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/meridian-video/meridian/control/history/record"
	"github.com/meridian-video/meridian/testbed/client"
	"github.com/meridian-video/meridian/testbed/cluster"
)

// key makes an API key of a company.
func (n *net) key(company string, spec map[string]any) string {
	n.t.Helper()
	var made struct {
		Key string `json:"key"`
	}
	n.Call("POST", "/companies/"+company+"/api-keys", spec, &made)
	if made.Key == "" {
		n.t.Fatal("no text of a new key")
	}
	return made.Key
}

// program calls a server as a partner's backend does.
type program struct {
	t    *testing.T
	base string
	key  string
}

type reply struct {
	status int
	body   map[string]any
}

func (p program) do(method, path, body string) reply {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), method, p.base+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	if p.key != "" {
		r.Header.Set("Authorization", "Bearer "+p.key)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer res.Body.Close()
	text, _ := io.ReadAll(res.Body)
	out := reply{status: res.StatusCode}
	if err := json.Unmarshal(text, &out.body); err != nil && method != http.MethodHead {
		p.t.Fatalf("%s %s: %d %s", method, path, res.StatusCode, text)
	}
	if res.Header.Get("Cache-Control") != "no-store" {
		p.t.Errorf("%s %s may be stored", method, path)
	}
	return out
}

// says fails the test unless a call has a status and, for those given, fields.
func (p program) says(method, path, body string, status int, fields map[string]any) {
	p.t.Helper()
	got := p.do(method, path, body)
	if got.status != status {
		p.t.Errorf("%s %s%s: %d %v, want %d", method, p.base, path, got.status, got.body, status)
	}
	for name, want := range fields {
		if fmt.Sprint(got.body[name]) != fmt.Sprint(want) {
			p.t.Errorf("%s %s%s: %v, want %s = %v", method, p.base, path, got.body, name, want)
		}
	}
}

func (n *net) program(pop, key string) program { return program{n.t, n.Edges[pop].URL, key} }

// ended waits until somebody's presence is over, and gives how.
func (n *net) ended(c *client.Client) string {
	n.t.Helper()
	n.until(c, "it is over", func(s client.State) bool { return s.Ended != nil })
	return string(c.State().Ended.Code)
}

// TestRoomsByCall: a partner's backend asks any POP about a room that is spread
// over two, and closes people and the room.
func TestRoomsByCall(t *testing.T) {
	n := start(t, "fra", "iad", "syd")
	n.Call("POST", "/pops", map[string]any{"id": "iad", "aliases": []string{"serv4"}}, nil)
	key := n.key(n.Company, map[string]any{"name": "backend", "scopes": []string{"rooms:write"}})
	n.WaitKnown()
	const room = "serv4hall"
	began := time.Now()
	ann := n.join("fra", client.Options{Room: room, Name: "Ann", Peer: "ann@example.com"})
	bob := n.join("iad", client.Options{Room: room, Name: "Bob", Peer: "bob"})
	cid := n.join("fra", client.Options{Room: room, Name: "Cid", Peer: "42"})
	n.until(ann, "three are there", people(3))

	// Covers GC-A06.
	t.Run("the prefix names the home, and every host says the same", func(t *testing.T) {
		if home := ann.Joined.Room.Home; home != "iad-1" {
			t.Errorf("the home of %s is %s", room, home)
		}
		for pop := range n.Edges {
			cluster.Wait(t, patience, pop+" counts three", func() error {
				if got := n.program(pop, key).do("GET", "/rooms/"+room+"/numberPeers", ""); got.status != 200 || got.body["numberPeers"] != 3.0 {
					return fmt.Errorf("%d %v", got.status, got.body)
				}
				return nil
			})
		}
	})
	// Covers GC-A07.
	t.Run("ids without prefix and with serv0 work", func(t *testing.T) {
		for _, id := range []string{"qwesfder4w4", "serv0testroom"} {
			n.join("syd", client.Options{Room: id, Name: "Dan"})
			n.program("syd", key).says("GET", "/rooms/"+id+"/numberPeers", "", 200, map[string]any{"roomId": id, "numberPeers": 1})
		}
	})
	// Covers GC-A67.
	t.Run("the duration grows by real seconds", func(t *testing.T) {
		cluster.Wait(t, patience, "it has lasted two seconds", func() error {
			got := n.program("syd", key).do("GET", "/rooms/"+room+"/durationOfBroadcast", "")
			seconds, _ := got.body["duration"].(float64)
			if most := time.Since(began).Seconds(); got.status != 200 || seconds > most {
				t.Fatalf("%d %v after %.1f s", got.status, got.body, most)
			}
			if seconds < 2 {
				return errors.New("less")
			}
			return nil
		})
		n.program("syd", key).says("GET", "/rooms/nobody/durationOfBroadcast", "", 400, nil)
	})
	// Covers GC-A24, GC-A69.
	t.Run("peers exist or do not", func(t *testing.T) {
		for pop := range n.Edges {
			p := n.program(pop, key)
			p.says("POST", "/rooms/"+room+"/existingPeer", `{"peerId": "ann@example.com"}`, 200, map[string]any{"exists": true})
			p.says("POST", "/rooms/"+room+"/existingPeer", `{"peerId": 42}`, 200, map[string]any{"exists": true, "peerId": "42"})
			p.says("GET", "/rooms/"+room+"/existingPeer?peerId=nobody", "", 200, map[string]any{"exists": false})
			p.says("GET", "/"+room+"/existingPeer/ann%40example.com", "", 200, map[string]any{"exists": true})
			p.says("POST", "/rooms/nobody/existingPeer", `{"peerId": "bob"}`, 400, nil)
			p.says("GET", "/rooms/"+room+"/exists", "", 200, map[string]any{"exists": true})
			p.says("POST", "/rooms/"+room+"/recording/start", "", 409, map[string]any{"state": "not_available"})
		}
	})
	// Covers GC-A70.
	t.Run("strangers are refused and the room stays", func(t *testing.T) {
		var other struct {
			ID string `json:"id"`
		}
		n.Call("POST", "/companies", map[string]any{"name": "Other"}, &other)
		foreign, reader := n.key(other.ID, map[string]any{}), n.key(n.Company, map[string]any{"scopes": []string{"rooms:read"}})
		n.WaitKnown()
		for credential, want := range map[string]int{"": 401, "mrk_x_y": 401, n.Key: 401, foreign: 403, reader: 403} {
			n.program("syd", credential).says("GET", "/rooms/"+room+"/closeRoom", "", want, nil)
		}
		n.program("syd", foreign).says("GET", "/rooms/"+room+"/numberPeers", "", 403, nil)
		n.program("fra", key).says("HEAD", "/rooms/"+room+"/closeRoom", "", 405, nil)
		n.program("syd", reader).says("GET", "/rooms/"+room+"/numberPeers", "", 200, map[string]any{"numberPeers": 3})
	})
	// Covers GC-A65.
	t.Run("closePeer removes a peer of another POP within two seconds", func(t *testing.T) {
		began := time.Now()
		n.program("syd", key).says("POST", "/rooms/"+room+"/closePeer", `{"peerId": "ann@example.com"}`, 200, map[string]any{"roomId": room, "peerId": "ann@example.com", "closed": true})
		if how := n.ended(ann); how != "kicked" {
			t.Errorf("Ann's presence ended as %q", how)
		}
		t.Logf("gone after %v", time.Since(began))
		n.program("iad", key).says("POST", "/"+room+"/closePeer?peerId=42", "", 200, map[string]any{"peerId": "42"})
		n.ended(cid)
		n.until(bob, "Bob is alone", people(1))
		for _, body := range []string{`{"peerId": "ann@example.com"}`, `{}`, ``, `{`, `[]`} {
			n.program("fra", key).says("POST", "/rooms/"+room+"/closePeer", body, 400, nil)
		}
		n.program("fra", key).says("POST", "/rooms/nobody/closePeer", `{"peerId": "bob"}`, 400, nil)
	})
	// Covers GC-A66, GC-A71.
	t.Run("closeRoom ends the room for all, with /rooms and without", func(t *testing.T) {
		n.program("syd", key).says("GET", "/rooms/"+room+"/closeRoom", "", 200, map[string]any{"roomId": room, "closed": true})
		n.ended(bob)
		for i, form := range []string{"/%s/closeRoom", "/rooms/%s/closeRoom"} {
			for j, method := range []string{"GET", "POST", "DELETE"} {
				id := fmt.Sprintf("short-%d-%d", i, j)
				eve := n.join("iad", client.Options{Room: id, Name: "Eve"})
				n.program("fra", key).says(method, fmt.Sprintf(form, id), "", 200, map[string]any{"closed": true})
				n.ended(eve)
			}
		}
		for pop := range n.Edges {
			cluster.Wait(t, patience, pop+" knows that the room is over", func() error {
				for _, call := range []string{"numberPeers", "durationOfBroadcast", "closeRoom"} {
					if got := n.program(pop, key).do("GET", "/rooms/"+room+"/"+call, ""); got.status != 400 {
						return fmt.Errorf("%s: %d %v", call, got.status, got.body)
					}
				}
				return nil
			})
		}
	})
	// Control away changes nothing; a POP cut off from control and all others
	// answers reads and refuses changes.
	// Covers GC-A72.
	t.Run("a server that is cut off changes nothing", func(t *testing.T) {
		n.join("fra", client.Options{Room: "away", Name: "Ann", Peer: "ann"})
		n.join("fra", client.Options{Room: "away", Name: "Bob", Peer: "bob"})
		n.Control.Freeze()
		cluster.Wait(t, patience, "control is away", func() error {
			if n.Metric("fra", "meridian_control_client_connected") != 0 {
				return errors.New("it is heard")
			}
			return nil
		})
		n.program("syd", key).says("POST", "/rooms/away/closePeer", `{"peerId": "ann"}`, 200, nil)
		n.Edges["iad"].Freeze()
		n.Edges["syd"].Freeze()
		p := n.program("fra", key)
		cluster.Wait(t, patience, "it knows that it is cut off", func() error {
			if got := p.do("POST", "/rooms/away/closePeer", `{"peerId": "nobody"}`); got.status != 500 {
				return fmt.Errorf("%d %v", got.status, got.body)
			}
			return nil
		})
		p.says("GET", "/rooms/away/closeRoom", "", 500, nil)
		p.says("GET", "/rooms/away/numberPeers", "", 200, map[string]any{"numberPeers": 1})
		p.says("GET", "/rooms/nobody/durationOfBroadcast", "", 400, nil)
	})
}

// TestCallersByAddress: a company's servers call by their address alone, or by
// both address and key where the company demands it.
func TestCallersByAddress(t *testing.T) {
	n := start(t, "fra")
	key := n.key(n.Company, map[string]any{})
	n.join("fra", client.Options{Room: "hall", Name: "Ann"})
	n.WaitKnown()
	n.program("fra", "").says("GET", "/rooms/hall/numberPeers", "", 401, nil)

	var caller struct {
		ID string `json:"id"`
	}
	n.Call("POST", "/companies/"+n.Company+"/callers", map[string]any{"cidr": "127.0.0.0/8"}, &caller)
	n.WaitKnown()
	n.program("fra", "").says("GET", "/rooms/hall/numberPeers", "", 200, nil)

	n.Call("PATCH", "/companies/"+n.Company, map[string]any{"settings": map[string]any{"open_rooms": true, "key_and_caller": true}}, nil)
	n.WaitKnown()
	n.program("fra", "").says("GET", "/rooms/hall/closeRoom", "", 401, nil)
	n.program("fra", key).says("GET", "/rooms/hall/numberPeers", "", 200, nil)
	n.Call("DELETE", "/companies/"+n.Company+"/callers/"+caller.ID, nil, nil)
	n.WaitKnown()
	n.program("fra", key).says("GET", "/rooms/hall/closeRoom", "", 403, nil)
	n.program("fra", key).says("GET", "/rooms/hall/numberPeers", "", 403, nil)
}

// TestStatisticsByCall: what was is asked of the API's host and of a tenant's
// host alike, with a slash at the end or without.
func TestStatisticsByCall(t *testing.T) {
	n := start(t, "fra", "iad")
	key := n.key(n.Company, map[string]any{"scopes": []string{"statistics:read"}})
	day := time.Date(2026, 6, 21, 10, 0, 0, 0, time.UTC)
	kept := n.History()
	for i, stay := range []struct {
		peer   string
		joined time.Duration
		lasted time.Duration
	}{{"ann", 10 * time.Second, 5 * time.Minute}, {"ann", 55 * time.Minute, 5 * time.Minute}, {"bob@example.com", 24 * time.Hour, time.Hour}} {
		live := record.Live{Company: n.Company, Room: "serv1test1", Session: fmt.Sprintf("s%d", i), At: day.Add(stay.joined)}
		presence := record.PresenceID(live.Session, stay.peer, live.At)
		left := live
		left.At = live.At.Add(stay.lasted)
		if err := kept.Ingest(t.Context(),
			&record.Joined{Live: live, Presence: presence, Peer: stay.peer, Role: record.Regular, Mode: record.Speaker},
			&record.Left{Live: left, Presence: presence, Peer: stay.peer, Reason: record.ReasonLeft},
		); err != nil {
			t.Fatal(err)
		}
	}
	query := func(from, to time.Time) string {
		return "?" + url.Values{"room_id": {"serv1test1"}, "from": {from.Format(time.RFC3339)}, "to": {to.Format(time.RFC3339)}}.Encode()
	}
	first, both := query(day, day.Add(12*time.Hour)), query(day, day.Add(36*time.Hour))
	api := program{t, n.API, key}

	// Covers GC-A79.
	t.Run("any host, any slash", func(t *testing.T) {
		for _, p := range []program{api, n.program("fra", key), n.program("iad", key)} {
			for _, slash := range []string{"", "/"} {
				if rows, ok := p.do("GET", "/vp/api/statistics/peers"+slash+both, "").body["data"].([]any); !ok || len(rows) != 3 {
					t.Errorf("%s: peers%s are %v", p.base, slash, rows)
				}
				sum, ok := p.do("GET", "/vp/api/statistics/peers/summary"+slash+both, "").body["data"].(map[string]any)
				if !ok || sum["participants"] != 2.0 {
					t.Errorf("%s: summary%s is %v", p.base, slash, sum)
				}
			}
		}
	})
	// Covers GC-A76.
	t.Run("a window of one day or of two", func(t *testing.T) {
		one, _ := api.do("GET", "/vp/api/statistics/peers/summary"+first, "").body["data"].(map[string]any)
		two, _ := api.do("GET", "/vp/api/statistics/peers/summary"+both, "").body["data"].(map[string]any)
		if one["participants"] != 1.0 || two["participants"] != 2.0 || one["start_time"] != two["start_time"] || one["end_time"] == two["end_time"] {
			t.Errorf("one day %v, two days %v", one, two)
		}
	})
	// Covers GC-A77.
	t.Run("whom and what it refuses", func(t *testing.T) {
		var other struct {
			ID string `json:"id"`
		}
		n.Call("POST", "/companies", map[string]any{"name": "Other"}, &other)
		for credential, want := range map[string]int{
			"": 403, "rubbish": 403, n.Key: 403, n.key(other.ID, map[string]any{}): 403, n.key(n.Company, map[string]any{"scopes": []string{"rooms:read"}}): 403,
		} {
			program{t, n.API, credential}.says("GET", "/vp/api/statistics/peers/"+both, "", want, nil)
		}
		for _, bad := range []string{"", "?room_id=x", "?room_id=x&from=now&to=2026-01-01T00:00:00Z", "?from=2026-01-01&to=2026-01-02"} {
			n.program("fra", key).says("GET", "/vp/api/statistics/peers/summary"+bad, "", 400, nil)
		}
		api.says("GET", "/vp/api/statistics/peers"+strings.Replace(both, "serv1test1", "nobody", 1), "", 404, nil)
		api.says("POST", "/vp/api/statistics/peers"+both, "", 405, nil)
	})
}
