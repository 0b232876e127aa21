package journey

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/pion/webrtc/v4"

	"github.com/meridian-video/meridian/edge/signal"
	"github.com/meridian-video/meridian/testbed/client"
	"github.com/meridian-video/meridian/testbed/cluster"
)

// partner is a company's key as a partner holds it.
type partner struct {
	key *rsa.PrivateKey
	kid string
}

func (n *net) partner(company string) partner {
	n.t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		n.t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		n.t.Fatal(err)
	}
	var made struct {
		ID string `json:"id"`
	}
	n.Call("POST", "/companies/"+company+"/keys", map[string]any{
		"pem": string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})),
	}, &made)
	return partner{key, made.ID}
}

func (p partner) sign(t *testing.T, method jwt.SigningMethod, key any, claims jwt.MapClaims, kid string) string {
	t.Helper()
	tok := jwt.NewWithClaims(method, claims)
	if kid != "" {
		tok.Header["kid"] = kid
	}
	s, err := tok.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// altered is a token with one bit of what is signed changed.
func altered(t *testing.T, token string) string {
	t.Helper()
	parts := strings.Split(token, ".")
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	payload[bytes.IndexByte(payload, 'S')] ^= 1 // of the name
	parts[1] = base64.RawURLEncoding.EncodeToString(payload)
	return strings.Join(parts, ".")
}

// TestTokensAtTheEdge: partner-signed and native tokens are judged by the edge
// from its own copy, each refusal with its own code, on our own page and at
// partners' addresses, and a revoked key is dead.
// Covers F-047, F-050, GC-A12.
func TestTokensAtTheEdge(t *testing.T) {
	n := start(t, "fra")
	ours := n.partner(n.Company)
	var other struct {
		ID string `json:"id"`
	}
	n.Call("POST", "/companies", map[string]any{"name": "Other"}, &other)
	theirs := n.partner(other.ID)

	claims := func() jwt.MapClaims { return jwt.MapClaims{"displayName": "Signed", "role": "moderator"} }
	good := ours.sign(t, jwt.SigningMethodRS256, ours.key, claims(), "")
	var ann *client.Client
	cluster.Wait(t, patience, "the edge knows the key", func() (err error) {
		ann, err = n.try("fra", client.Options{Room: "signed", Name: "Typed", Token: good})
		return err
	})
	if s := ann.Joined.Self; s.Name != "Signed" || s.Role != "moderator" {
		t.Errorf("a signed token gave %q as %q", s.Name, s.Role)
	}

	expired := claims()
	expired["exp"] = time.Now().Add(-2 * time.Minute).Unix()
	early := claims()
	early["nbf"] = time.Now().Add(2 * time.Minute).Unix()
	public := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: x509.MarshalPKCS1PublicKey(&ours.key.PublicKey)})
	for _, c := range []struct {
		name, token string
		want        signal.Code
	}{
		{"altered by one bit", altered(t, good), "token_signature"},
		{"signed by another company", ours.sign(t, jwt.SigningMethodRS256, theirs.key, claims(), ""), "token_signature"},
		{"another company's key by kid", ours.sign(t, jwt.SigningMethodRS256, theirs.key, claims(), theirs.kid), "token_wrong_company"},
		{"alg none", ours.sign(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, claims(), ""), "token_algorithm"},
		{"HS256 with the public key", ours.sign(t, jwt.SigningMethodHS256, public, claims(), ""), "token_algorithm"},
		{"expired", ours.sign(t, jwt.SigningMethodRS256, ours.key, expired, ""), "token_expired"},
		{"not yet valid", ours.sign(t, jwt.SigningMethodRS256, ours.key, early, ""), "token_not_yet_valid"},
		{"cut short", good[:strings.IndexByte(good, '.')+4], "token_malformed"},
	} {
		for _, source := range []string{"native", "gcore"} {
			if _, err := n.try("fra", client.Options{Room: "signed", Source: source, Token: c.token}); code(err) != c.want {
				t.Errorf("%s: %s: %v, want %s", source, c.name, err, c.want)
			}
		}
	}

	var room struct {
		ID       string `json:"id"`
		PublicID string `json:"public_id"`
	}
	n.Call("POST", "/companies/"+n.Company+"/rooms", map[string]any{"public_id": "closed", "kind": "call"}, &room)
	var native struct {
		Token string `json:"token"`
	}
	n.Call("POST", "/companies/"+n.Company+"/rooms/"+room.ID+"/tokens", map[string]any{"name": "Native", "peer": "p1"}, &native)
	cluster.Wait(t, patience, "the edge knows the room", func() error {
		c, err := n.try("fra", client.Options{Room: "closed", Token: native.Token})
		if err == nil && c.Joined.Peer != "p1" {
			t.Errorf("a native token gave peer %q", c.Joined.Peer)
		}
		return err
	})
	if _, err := n.try("fra", client.Options{Room: "closed"}); code(err) != "token_missing" {
		t.Errorf("a room that is not open without a token: %v", err)
	}
	whip := newStandard(t)
	if _, err := whip.PC.AddTransceiverFromKind(webrtc.RTPCodecTypeVideo, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly}); err != nil {
		t.Fatal(err)
	}
	offer, err := whip.PC.CreateOffer(nil)
	if err != nil {
		t.Fatal(err)
	}
	for token, want := range map[string]int{"": 401, "rubbish": 401, native.Token: 201} {
		whip.Token = token
		if res := ask(t, whip, "POST", n.Edges["fra"].URL+"/whip/closed", "application/sdp", offer.SDP, ""); res.Status != want {
			t.Errorf("WHIP with %d bytes of token: %d %s, want %d", len(token), res.Status, res.Body, want)
		}
	}
	if _, err := n.try("fra", client.Options{Room: "another", Token: native.Token}); code(err) != "token_wrong_room" {
		t.Errorf("a token of another room: %v", err)
	}

	n.Call("DELETE", "/companies/"+n.Company+"/keys/"+ours.kid, nil, nil)
	cluster.Wait(t, patience, "the revoked key is dead", func() error {
		c, err := n.try("fra", client.Options{Room: "signed", Token: good})
		if err == nil {
			c.Leave()
		}
		if code(err) == "token_signature" {
			return nil
		}
		return errAccepted
	})
	if s := ann.State(); s.Ended != nil {
		t.Errorf("who was present was ended by the revocation: %+v", s.Ended)
	}
}

var errAccepted = jwt.ErrTokenUnverifiable

// TestHomeWhereConfigured: the home of a room that names a POP is there, whoever
// joins first and wherever.
func TestHomeWhereConfigured(t *testing.T) {
	n := start(t, "fra", "iad", "syd")
	for _, pop := range []string{"iad", "syd"} {
		id := "home-" + pop
		n.Call("POST", "/companies/"+n.Company+"/rooms", map[string]any{"public_id": id, "kind": "call", "open": true, "home_pop": pop}, nil)
		n.WaitKnown()
		if home := n.join("fra", client.Options{Room: id, Name: "Ann"}).Joined.Room.Home; home != pop+"-1" {
			t.Errorf("the home of %s is %s", id, home)
		}
	}
}
