package browser

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"github.com/meridian-video/meridian/edge/signal"
	"github.com/meridian-video/meridian/testbed/client"
	"github.com/meridian-video/meridian/testbed/cluster"
)

// partnerRooms is a partner with two POPs: people by addresses, its own servers,
// and its keys.
type partnerRooms struct {
	*partnerServer
	c   *cluster.Cluster
	key string // opens calls about rooms
}

func newPartnerRooms(t *testing.T) *partnerRooms {
	s := newPartnerServer(t)
	c := cluster.StartWith(t, []string{"SSL_CERT_FILE=" + s.roots, "MERIDIAN_EDGE_WEBHOOKS_ALLOW=127.0.0.0/8", "MERIDIAN_CONTROL_WEBHOOKS_ALLOW=127.0.0.0/8"}, "fra", "iad")
	var made struct{ Key string }
	c.Call("POST", "/companies/"+c.Company+"/api-keys", object{"name": "backend"}, &made)
	c.WaitKnown()
	return &partnerRooms{s, c, made.Key}
}

// address is that of a room's page.
func (s *partnerRooms) address(pop, room, query string) string {
	return s.c.Edges[pop].URL + "/call/?nameScreenDisabled=true&pop=" + pop + "&roomId=" + room + "&" + query
}

// counts waits until both POPs count so many people; no people are no room.
func (s *partnerRooms) counts(t *testing.T, room string, people int) {
	t.Helper()
	for pop, e := range s.c.Edges {
		cluster.Wait(t, startTimeout, fmt.Sprintf("%s counts %d in %s", pop, people, room), func() error {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, e.URL+"/rooms/"+room+"/numberPeers", nil)
			if err != nil {
				return err
			}
			r.Header.Set("Authorization", "Bearer "+s.key)
			res, err := http.DefaultClient.Do(r)
			if err != nil {
				return err
			}
			defer res.Body.Close()
			text, _ := io.ReadAll(res.Body)
			none := people == 0 && res.StatusCode == http.StatusBadRequest
			some := people > 0 && strings.Contains(string(text), fmt.Sprintf(`"numberPeers":%d}`, people))
			if !none && !some {
				return fmt.Errorf("%d %s", res.StatusCode, text)
			}
			return nil
		})
	}
}

// visitor comes by an address without a page.
func (s *partnerRooms) visitor(t *testing.T, pop, room, peer string) *client.Client {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), startTimeout)
	defer cancel()
	c, err := client.Join(ctx, client.Options{
		WS: "ws" + s.c.Edges[pop].URL[len("http"):] + "/ws", Source: "gcore", Room: room, Video: 1, Audio: 1, Attributes: map[string]string{"peerId": peer},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// partnerKey is a key that a company has registered.
func (s *partnerRooms) partnerKey(t *testing.T, company string) (key *rsa.PrivateKey, public []byte) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	public = pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	s.c.Call("POST", "/companies/"+company+"/keys", object{"pem": string(public)}, nil)
	return key, public
}

// TestPartnersRoomsByPage: what people read at a partner's address when a room is
// full, when their token is bad or missing, and when they are somewhere else.
func TestPartnersRoomsByPage(t *testing.T) {
	t.Parallel()
	s := newPartnerRooms(t)
	of := "/companies/" + s.c.Company
	page := New(t, "ann", Options{Scripts: []string{bare}})

	// Covers GC-A01.
	t.Run("a room is one while somebody is in it", func(t *testing.T) {
		page := page.within(t)
		s.counts(t, "never", 0)
		page.Open(s.address("fra", "never", "displayName=Ann"))
		page.isIn()
		s.counts(t, "never", 1)
		page.press("Leave")
		s.counts(t, "never", 0)
	})
	// How many there are places for is shown without pages.
	// Covers GC-A03.
	t.Run("a full one says so, until somebody leaves", func(t *testing.T) {
		page := page.within(t)
		s.c.Call("PATCH", of, object{"max_participants": 2}, nil)
		s.c.WaitKnown()
		bo := s.visitor(t, "fra", "small", "bo")
		s.visitor(t, "iad", "small", "cid")
		page.Open(s.address("iad", "small", "displayName=Ann"))
		page.says("The meeting is full")
		page.Shot("partner-full")
		bo.Leave()
		s.counts(t, "small", 1)
		page.press("Try again")
		page.isIn()
		page.press("Leave")
	})
	// Covers GC-A22, GC-A25.
	t.Run("who opens it elsewhere ends here and does not come back alone", func(t *testing.T) {
		page := page.within(t)
		page.Open(s.address("fra", "twice", "displayName=Ann&peerID=ann%40example.com"))
		page.isIn()
		elsewhere := s.visitor(t, "iad", "twice", "ann@example.com")
		page.says("You joined elsewhere")
		page.Shot("partner-elsewhere")
		if _, err := elsewhere.Chat(t.Context(), "1", "still here"); err != nil {
			t.Error(err)
		}
		s.counts(t, "twice", 1)
		if e, st := elsewhere.State().Ended, page.state(); e != nil || st.Phase != "ended" || st.Code != string(signal.Superseded) {
			t.Errorf("elsewhere is told %+v, the page is %s %s", e, st.Phase, st.Code)
		}
		page.press("Join again") // by hand
		page.isIn()
		s.counts(t, "twice", 1)
		ctx, cancel := context.WithTimeout(t.Context(), startTimeout)
		defer cancel()
		if err := elsewhere.Until(ctx, "has to go in turn", func(s client.State) bool { return s.Ended != nil && s.Ended.Code == signal.Superseded }); err != nil {
			t.Error(err)
		}
	})

	key, public := s.partnerKey(t, s.c.Company)
	var other struct{ ID string }
	s.c.Call("POST", "/companies", object{"name": "Other"}, &other)
	foreign, _ := s.partnerKey(t, other.ID)
	s.c.WaitKnown()
	sign := func(method jwt.SigningMethod, key any) string {
		token, err := jwt.NewWithClaims(method, jwt.MapClaims{"displayName": "Signed"}).SignedString(key)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	good := sign(jwt.SigningMethodRS256, key)
	// Covers GC-A12.
	t.Run("bad tokens are denied", func(t *testing.T) {
		page := page.within(t)
		for name, token := range map[string]string{
			"another company's": sign(jwt.SigningMethodRS256, foreign), "none": sign(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType),
			"the public key as a secret": sign(jwt.SigningMethodHS256, public), "one bit": strings.Replace(good, ".eyJ", ".eyI", 1),
		} {
			page.Open(s.address("fra", "signed", "token="+url.QueryEscape(token)))
			page.says("Access denied")
			if st := page.state(); st.Phase != "refused" || !strings.HasPrefix(st.Code, "token_") {
				t.Errorf("%s: %s %s", name, st.Phase, st.Code)
			}
		}
		page.Shot("partner-denied")
		s.counts(t, "signed", 0)
	})
	// Covers GC-A13, GC-A14.
	t.Run("where tokens are mandatory nothing happens without one", func(t *testing.T) {
		page := page.within(t)
		for kind, path := range map[string]string{"access": "/check", "join": "/events", "close": "/events"} {
			s.c.Call("POST", of+"/webhooks", object{"kind": kind, "url": s.URL + path}, nil)
		}
		s.c.Call("PATCH", of, object{"settings": object{"open_rooms": true, "jwt_mandatory": true}}, nil)
		s.c.WaitKnown()
		for _, query := range []string{"displayName=Eve", "accessToken=once&displayName=Eve"} {
			page.Open(s.address("iad", "kept", query))
			page.says("Access denied")
		}
		s.counts(t, "kept", 0)
		if calls := s.all(); calls != "" {
			t.Errorf("the partner was asked: %s", calls)
		}
		page.Open(s.address("iad", "kept", "accessToken=once&token="+good))
		page.isIn()
		s.counts(t, "kept", 1)
		if s.of("/joinPeer", "displayName=Signed") != 1 || s.of("/check") != 0 {
			t.Errorf("the partner was asked: %s", s.all())
		}
	})
}
