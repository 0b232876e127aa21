package scenario

import (
	"net/url"
	"regexp"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/meridian-video/meridian/edge/signal"
	"github.com/meridian-video/meridian/testbed/client"
)

// uuid is one that is random (RFC 9562 section 5.4).
var uuid = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

// TestPartnersPeerIDs: who brings none gets a random one, under which others and the
// statistics know them; an e-mail address is one like any other. Of two with one id
// the newer stays, by either spelling and at whichever POP; of several at once one.
// Covers GC-A21, GC-A22, GC-A23, GC-A24.
func TestPartnersPeerIDs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const mail = "ann+x@example.com"
		r := newRoom(t, 63)
		server := r.backend("syd")
		mara := r.opens("fra", "/call/?roomId=hall&displayName=Mara")
		other := r.opens("syd", "/call/?roomId=hall&displayName=Other")
		given := mara.Joined.Peer
		if !uuid.MatchString(given) || !uuid.MatchString(other.Joined.Peer) || given == other.Joined.Peer {
			t.Errorf("were given %q and %q", given, other.Joined.Peer)
		}
		const ann = "/call/?roomId=hall&displayName=Ann&"
		older := r.opens("iad", ann+"peerId="+url.QueryEscape(mail))
		for peer, c := range map[string]*client.Client{given: older, mail: mara} {
			r.must(c.Until(t.Context(), "is told of "+peer, func(s client.State) bool { return s.People[peer].Peer == peer }))
		}
		for _, path := range []string{"existingPeer?peerId=" + url.QueryEscape(mail), "existingPeer/" + url.PathEscape(mail), "existingPeer/" + given} {
			if status, answer := server.get("/rooms/hall/" + path); status != 200 || answer["exists"] != true {
				t.Errorf("%s: %d %v", path, status, answer)
			}
		}

		for i, name := range []string{"peerId", "peerID", "peerId"} {
			pop := POPs[(i+2)%len(POPs)]
			newer := r.opens(pop, ann+name+"="+url.QueryEscape(mail))
			r.ended("the older Ann", older, signal.Superseded)
			older = newer
		}
		r.onePerson(mara, mail, older)
		for range 3 {
			together := r.atOnce(ann + "peerId=" + url.QueryEscape(mail))
			r.onePerson(mara, mail, append(together, older)...)
		}

		time.Sleep(2 * time.Minute)
		window := url.Values{"room_id": {"hall"}, "from": {epoch.Format(time.RFC3339)}, "to": {time.Now().Format(time.RFC3339)}}
		status, answer := server.get("/vp/api/statistics/peers/?" + window.Encode())
		var people []string
		rows, _ := answer["data"].([]any)
		for _, row := range rows {
			person, _ := row.(map[string]any)["person_id"].(string)
			people = append(people, person)
		}
		slices.Sort(people)
		want := []string{given, other.Joined.Peer, mail}
		slices.Sort(want)
		if got := slices.Compact(people); status != 200 || !slices.Equal(got, want) {
			t.Errorf("statistics are %d %v, want %v", status, got, want)
		}
	})
}

// atOnce opens an address at all POPs together, and gives who came in.
func (r *room) atOnce(address string) (in []*client.Client) {
	r.t.Helper()
	var mu sync.Mutex
	var wg sync.WaitGroup
	for _, pop := range POPs {
		wg.Go(func() {
			c, err := r.tryOpen(pop, address)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				in = append(in, c)
			case refusal(err) != signal.Superseded:
				r.t.Error(err)
			}
		})
	}
	wg.Wait()
	return in
}

// onePerson waits a while and wants one of the clients to be in, and everybody to
// list that one.
func (r *room) onePerson(witness *client.Client, peer string, clients ...*client.Client) {
	r.t.Helper()
	time.Sleep(time.Minute)
	var in []*client.Client
	for _, c := range clients {
		switch e := c.State().Ended; {
		case e == nil:
			in = append(in, c)
		case e.Code != signal.Superseded:
			r.t.Errorf("one was told %+v", e)
		}
	}
	if len(in) != 1 {
		r.t.Fatalf("%d of %d are in", len(in), len(clients))
	}
	p := witness.State().People[peer]
	if p.POP != in[0].Joined.Node.POP || p.State != "present" || len(witness.State().People) != 3 {
		r.t.Errorf("listed is %+v of %d", p, len(witness.State().People))
	}
}
