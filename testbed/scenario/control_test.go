package scenario

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/meridian-video/meridian/control"
	"github.com/meridian-video/meridian/control/state"
	"github.com/meridian-video/meridian/edge/signal"
	"github.com/meridian-video/meridian/testbed/client"
)

type object map[string]any

// browser is a client of the API beside a POP.
func (r *room) browser(pop string) *http.Client {
	transport := &http.Transport{DialContext: r.clientHost(pop).Dial}
	r.t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: patience}
}

// post sends JSON to a POP and gives the status; the answer is JSON.
func (r *room) post(c *http.Client, pop, method, path, key string, in, out any) int {
	r.t.Helper()
	status, answer := r.send(c, pop, method, path, key, in)
	if out != nil && status/100 == 2 {
		r.must(json.Unmarshal(answer, out))
	}
	return status
}

// send gives the answer as it came; status 0 where none did.
func (r *room) send(c *http.Client, pop, method, path, key string, in any) (status int, answer []byte) {
	r.t.Helper()
	body, err := json.Marshal(in)
	r.must(err)
	req, err := http.NewRequestWithContext(r.t.Context(), method, "http://"+r.edgeIP(pop)+"/api/v1"+path, bytes.NewReader(body))
	r.must(err)
	req.Header.Set("Content-Type", "application/json")
	if key != "" {
		req.Header.Set("Authorization", "Bearer "+key)
	}
	res, err := c.Do(req)
	if err != nil {
		r.t.Errorf("%s %s by %s: %v", method, path, pop, err)
		return 0, nil
	}
	defer res.Body.Close()
	answer, err = io.ReadAll(res.Body)
	r.must(err)
	return res.StatusCode, answer
}

// tenant calls the API for the company of the network, by any POP.
func (r *room) tenant(pop, method, path string, in, out any) {
	r.t.Helper()
	key, err := r.Control.Node.EnsureDev(r.t.Context())
	r.must(err)
	if status := r.post(r.browser(pop), pop, method, "/companies/"+control.DevCompany+path, key, in, out); status/100 != 2 {
		r.t.Fatalf("%s %s: %d", method, path, status)
	}
}

// minted is a join token.
type minted struct{ ID, Token string }

// hall makes the room with a home, and tells when all POPs know.
func (r *room) hall(home string) {
	r.t.Helper()
	r.tenant("iad", "POST", "/rooms", object{"public_id": "hall", "home_pop": home, "open": true}, nil)
	r.known()
}

// known waits until every POP has all that control has.
func (r *room) known() {
	r.t.Helper()
	index := r.Control.Node.View().Index()
	r.Wait("all know what control knows", func() error {
		for pop, e := range r.Edges {
			if at := e.Client.View().Index(); at < index {
				return fmt.Errorf("%s is at %d of %d", pop, at, index)
			}
		}
		return nil
	})
}

func (r *room) mint(more object) (m minted) {
	r.t.Helper()
	r.tenant("iad", "POST", "/rooms/hall/tokens", more, &m)
	return m
}

// partner registers a key of the company's own and signs with it.
func (r *room) partner() (id string, sign func(jwt.MapClaims) string) {
	r.t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	r.must(err)
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	r.must(err)
	var made struct{ ID string }
	r.tenant("iad", "POST", "/keys", object{"pem": string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))}, &made)
	r.known()
	return made.ID, func(c jwt.MapClaims) string {
		text, err := jwt.NewWithClaims(jwt.SigningMethodRS256, c).SignedString(key)
		r.must(err)
		return text
	}
}

func (r *room) placement() (state.Placement, bool) {
	return state.Get[state.Placement](r.Control.Node.View(), control.DevCompany+"/hall")
}

// placed waits until control has the home of another session than one before.
func (r *room) placed(before state.Placement) state.Placement {
	r.t.Helper()
	r.Wait("control has the home", func() error {
		p, ok := r.placement()
		if !ok || p.Session == before.Session {
			return fmt.Errorf("it has %+v", p)
		}
		return nil
	})
	p, _ := r.placement()
	return p
}

// refused tries to join and wants it refused with a code.
func (r *room) refused(pop string, o client.Options, want signal.Code) {
	r.t.Helper()
	o.Room = "hall"
	_, err := r.TryJoin(pop, pop, o)
	refusal, ok := errors.AsType[*client.Refusal](err)
	if !ok || refusal.Code != want {
		r.t.Errorf("%s at %s: %v, want %s", o.Name, pop, err, want)
	}
}

// ended waits until a client is told the end.
func (r *room) ended(name string, c *client.Client, want signal.Code) time.Duration {
	r.t.Helper()
	return r.Wait(name+" has to go", func() error {
		if e := c.State().Ended; e == nil || e.Code != want {
			return fmt.Errorf("ended is %+v", e)
		}
		return nil
	})
}

// TestPlacementsFollowMeetings: one write a session, also where control was away
// when one ended and the next began.
func TestPlacementsFollowMeetings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRoom(t, 21)
		r.hall("iad")
		for _, pop := range POPs {
			r.enter(pop, pop, client.Options{Name: pop})
		}
		first := r.placed(state.Placement{})
		time.Sleep(5 * time.Second)
		if p, _ := r.placement(); p.Version != first.Version || p.Node != "iad-1" {
			t.Errorf("placed %+v, then %+v", first, p)
		}
		r.known()

		r.Silence(controlIP)
		for _, pop := range POPs {
			r.people[pop].Leave()
		}
		time.Sleep(70 * time.Second) // the session is over
		ann := r.enter("fra", "fra", client.Options{Name: "Ann"})
		r.enter("syd", "syd", client.Options{Name: "Bob"})
		time.Sleep(10 * time.Second)
		if ann.State().Ended != nil {
			t.Error("the meeting ended while control was away")
		}
		r.Revive(controlIP)
		second := r.placed(first)
		if second.Epoch != first.Epoch+1 || second.Node != "iad-1" {
			t.Errorf("after %+v came %+v", first, second)
		}
		r.people["fra"].Leave()
		r.people["syd"].Leave()
		time.Sleep(70 * time.Second)
		r.Wait("control knows the end", func() error {
			if p, ok := r.placement(); ok {
				return fmt.Errorf("it has %+v", p)
			}
			return nil
		})
	})
}

// TestAnEndThatWasNeverTold: the home dies with its meeting. The next session of
// the room, at a POP that had not even heard of the one before, stands above it.
func TestAnEndThatWasNeverTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRoom(t, 22)
		r.hall("syd")
		r.Cut(controlIP, r.edgeIP("fra"))
		r.Cut(controlIP, r.edgeIP("iad"))
		for _, other := range []string{"fra", "iad"} { // and so there is no copy but the home's
			r.Cut(r.edgeIP("syd"), r.edgeIP(other))
		}
		time.Sleep(10 * time.Second)
		r.enter("syd", "syd", client.Options{Name: "Ann"})
		first := r.placed(state.Placement{})
		if first.Node != "syd-1" {
			t.Fatalf("placed %+v", first)
		}
		r.Silence(r.edgeIP("syd"))
		time.Sleep(3 * time.Minute)
		if p, ok := r.placement(); !ok || p.Session != first.Session {
			t.Fatalf("control has %+v by now", p)
		}
		r.enter("fra", "fra", client.Options{Name: "Bob"})
		time.Sleep(5 * time.Second)
		r.Heal(controlIP, r.edgeIP("fra"))
		r.Heal(controlIP, r.edgeIP("iad"))
		second := r.placed(first)
		if second.Node != "fra-1" || second.Epoch != first.Epoch+1 {
			t.Errorf("after %+v came %+v", first, second)
		}
		t.Logf("epoch %d.%d by %s, then %d.%d by %s", first.Epoch, first.Provisional, first.Node, second.Epoch, second.Provisional, second.Node)
		r.oneHome()
	})
}

// exchange brings a token to a POP; it gives the status and what came of it.
func (r *room) exchange(c *http.Client, pop, token, secret string) (status int, session string) {
	r.t.Helper()
	var out struct{ Token string }
	status = r.post(c, pop, "POST", "/exchange", "", object{"token": token, "browser": secret}, &out)
	return status, out.Token
}

// TestATokenForOneIsRaced: a hundred browsers at three POPs bring the same
// token, and one gets in. While control is away nobody does.
// Covers F-047.
func TestATokenForOneIsRaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRoom(t, 23)
		r.tenant("iad", "POST", "/rooms", object{"public_id": "hall"}, nil)
		once := r.mint(object{"name": "Ann", "peer": "ann", "once": true})
		r.known()
		type answer struct {
			status          int
			secret, session string
		}
		answers := make(chan answer, 100)
		clients := map[string]*http.Client{}
		for _, pop := range POPs {
			clients[pop] = r.browser(pop)
		}
		for i := range 100 {
			pop, secret := POPs[i%len(POPs)], rand.Text()
			go func() {
				status, session := r.exchange(clients[pop], pop, once.Token, secret)
				answers <- answer{status, secret, session}
			}()
		}
		count := map[int]int{}
		var won answer
		for range 100 {
			a := <-answers
			count[a.status]++
			if a.status == 200 {
				won = a
			}
		}
		if count[200] != 1 || count[401] != 99 {
			t.Fatalf("answers %v, want one 200 and 99 times 401", count)
		}
		if status, _ := r.exchange(clients["syd"], "syd", once.Token, won.secret); status != 200 {
			t.Errorf("the same browser, whose answer may have been lost: %d", status)
		}
		r.refused("fra", client.Options{Name: "with the token itself", Token: once.Token}, "denied")
		r.refused("fra", client.Options{Name: "another browser", Token: won.session, Browser: rand.Text()}, "denied")
		for _, pop := range []string{"syd", "fra"} { // a reload, at another POP perhaps
			c := r.enter(pop, pop, client.Options{Name: "Typed", Token: won.session, Browser: won.secret})
			if c.Joined.Peer != "ann" || c.Joined.Self.Name != "Ann" {
				t.Errorf("in came %+v", c.Joined.Self)
			}
		}

		away := r.mint(object{"once": true})
		r.Silence(controlIP)
		time.Sleep(10 * time.Second)
		if status, _ := r.exchange(clients["iad"], "iad", away.Token, won.secret); status != 503 {
			t.Errorf("while control is away: %d", status)
		}
		r.Revive(controlIP)
		r.Wait("it is exchanged", func() error {
			if status, _ := r.exchange(clients["iad"], "iad", away.Token, won.secret); status != 200 {
				return fmt.Errorf("status %d", status)
			}
			return nil
		})
	})
}

// TestAWithdrawnTokenIsDeadEverywhere: who came in by it has to go, wherever they
// are; nobody comes in by it, or comes back.
func TestAWithdrawnTokenIsDeadEverywhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRoom(t, 24)
		r.hall("fra")
		leaked, other := r.mint(object{"name": "Ann"}), r.mint(object{"name": "Bob"})
		for _, pop := range POPs {
			r.enter(pop, pop, client.Options{Token: leaked.Token})
		}
		bob := r.Join("syd", "syd", client.Options{Room: "hall", Token: other.Token})
		gone := r.people["iad"]
		gone.Leave() // and has a ticket still
		r.tenant("iad", "POST", "/revocations", object{"id": leaked.ID}, nil)
		began := time.Now()
		for _, pop := range []string{"fra", "syd"} {
			r.ended(pop, r.people[pop], signal.Kicked)
		}
		for _, pop := range POPs {
			r.refused(pop, client.Options{Name: "again", Token: leaked.Token}, "token_revoked")
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("dead everywhere after %v", took)
		} else {
			t.Logf("dead everywhere after %v", took)
		}
		r.refused("iad", client.Options{Name: "by ticket", Resume: gone.Joined.Resume}, "token_revoked")
		if e := bob.State().Ended; e != nil {
			t.Errorf("who has another token was told %+v", e)
		}

		leaked = r.mint(object{"name": "Cid"}) // and one whose node dies before
		cid := r.enter("iad", "iad", client.Options{Token: leaked.Token})
		r.Silence(r.edgeIP("iad"))
		time.Sleep(5 * time.Second)
		r.tenant("fra", "POST", "/revocations", object{"id": leaked.ID}, nil)
		r.known2("fra", "syd")
		r.refused("syd", client.Options{Name: "who resumes elsewhere", Resume: cid.Joined.Resume}, "token_revoked")
	})
}

// known2 is known for some POPs.
func (r *room) known2(pops ...string) {
	r.t.Helper()
	index := r.Control.Node.View().Index()
	for _, pop := range pops {
		r.Wait(pop+" knows what control knows", func() error {
			if at := r.Edges[pop].Client.View().Index(); at < index {
				return fmt.Errorf("it is at %d of %d", at, index)
			}
			return nil
		})
	}
}

// TestAKeyIsWithdrawnWhileAPOPIsCutOff: calls go on, but for those who were let
// in by it when it was dead already. Where the company wants it, a POP that has
// not heard of control for a while takes no tokens.
func TestAKeyIsWithdrawnWhileAPOPIsCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRoom(t, 25)
		r.hall("iad")
		id, sign := r.partner()
		token := sign(jwt.MapClaims{"roomId": "hall", "displayName": "Signed"})
		ann := r.Join("fra", "fra", client.Options{Room: "hall", Token: token, Peer: "ann"})
		r.Cut(controlIP, r.edgeIP("fra"))
		r.tenant("iad", "DELETE", "/keys/"+id, nil, nil)
		r.known2("iad", "syd")
		time.Sleep(10 * time.Second)
		r.refused("iad", client.Options{Name: "late", Token: token}, "token_signature")
		bob := r.Join("fra", "fra", client.Options{Room: "hall", Token: token, Peer: "bob"})
		time.Sleep(10 * time.Second)
		if bob.State().Ended != nil {
			t.Error("who cannot be asked about is not let in")
		}
		r.Heal(controlIP, r.edgeIP("fra"))
		took := r.ended("who was let in by a dead key", bob, signal.Kicked)
		t.Logf("removed %v after the cut", took)
		time.Sleep(10 * time.Second)
		if e := ann.State().Ended; e != nil {
			t.Errorf("who was there before was told %+v", e)
		}

		r.tenant("iad", "PATCH", "", object{"settings": object{"max_feed_age_seconds": 15}}, nil)
		native := r.mint(object{"name": "Cid"})
		r.known()
		r.Cut(controlIP, r.edgeIP("fra"))
		time.Sleep(10 * time.Second)
		r.Join("fra", "fra", client.Options{Room: "hall", Token: native.Token, Peer: "young"})
		time.Sleep(10 * time.Second)
		r.refused("fra", client.Options{Name: "too old a copy", Token: native.Token}, signal.TryAgain)
		r.Join("fra", "fra", client.Options{Room: "hall", Name: "without a token"})
		r.Join("syd", "syd", client.Options{Room: "hall", Token: native.Token, Peer: "elsewhere"})
		r.Heal(controlIP, r.edgeIP("fra"))
		r.Wait("it takes tokens again", func() error {
			_, err := r.TryJoin("fra", "fra", client.Options{Room: "hall", Token: native.Token, Peer: "later"})
			return err
		})
	})
}

// TestATokenServesFromItsFirstConnection: not from its issue, at whichever POP that
// was, and whether control is there or not (GC-T10); on our own page and at
// partners' addresses. A second person does not start the time anew.
// Covers F-052, GC-A17, GC-A18.
func TestATokenServesFromItsFirstConnection(t *testing.T) {
	for _, source := range []string{"native", "gcore"} {
		t.Run(source, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRoom(t, 26)
				r.hall("iad")
				_, sign := r.partner()
				l := lasting{r, source, sign(jwt.MapClaims{"roomId": "hall", "displayName": "Ann", "tokenLifetime": 60_000})}
				time.Sleep(2 * time.Minute)
				l.isForAMinute()

				r.Silence(controlIP)
				time.Sleep(10 * time.Second)
				l.token = sign(jwt.MapClaims{"roomId": "hall", "displayName": "Cid", "tokenLifetime": 60_000})
				l.opens("syd", "cid")
				time.Sleep(62 * time.Second)
				l.isOver()
				r.Revive(controlIP)
				time.Sleep(30 * time.Second)
				l.isOver()
			})
		})
	}
}

// lasting is a token that serves for a minute.
type lasting struct {
	*room
	source, token string
}

func (l lasting) opens(pop, peer string) *client.Client {
	l.t.Helper()
	return l.Join(pop, pop, client.Options{Room: "hall", Source: l.source, Token: l.token, Peer: peer})
}

// isForAMinute opens it, once more as another person at another POP 59 s later, and
// not 61 s later; who is there already stays, and comes back from a lost network.
func (l lasting) isForAMinute() {
	l.t.Helper()
	began := time.Now()
	ann := l.opens("fra", "ann")
	time.Sleep(59*time.Second - time.Since(began))
	l.opens("syd", "bob")
	time.Sleep(61*time.Second - time.Since(began))
	l.isOver()
	if e := ann.State().Ended; e != nil {
		l.t.Errorf("who stays connected was told %+v", e)
	}
	ann.Close()
	if back := l.Join("iad", "iad", client.Options{Room: "hall", Resume: ann.Joined.Resume}); back.Joined.Peer != "ann" {
		l.t.Errorf("came back as %s", back.Joined.Peer)
	}
}

func (l lasting) isOver() {
	l.t.Helper()
	for _, pop := range POPs {
		l.refused(pop, client.Options{Name: "late", Source: l.source, Token: l.token, Peer: "late"}, "token_expired")
	}
}
