package keyring

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"testing"
	"time"

	"github.com/meridian-video/meridian/control/state"
)

func publicPEM(t *testing.T) string {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

func TestAKeyringHoldsWhatIsInUse(t *testing.T) {
	s, n, off := state.New(), uint64(0), false
	do := func(c state.Command) {
		t.Helper()
		n++
		entry, err := state.Encode(time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC), c, state.Terms{})
		if err != nil {
			t.Fatal(err)
		}
		if r := s.Apply(n, entry); r.Err != nil {
			t.Fatalf("%s: %v", c.Name(), r.Err)
		}
	}
	public, _, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	do(&state.InitPlatform{Epoch: "e"})
	do(&state.PutSigningKey{KID: "ours", PublicKey: public, Node: "c1"})
	for _, company := range []string{"a", "b"} {
		do(state.Add(state.KindCompany, company, "", state.CompanySpec{Name: company}))
		for _, key := range []string{"used", "put-away", "revoked"} {
			spec := state.TenantKeySpec{PEM: publicPEM(t)}
			if key == "put-away" {
				spec.Active = &off
			}
			do(state.Add(state.KindTenantKey, company+"-"+key, company, spec))
		}
		do(&state.RevokeTenantKey{Company: company, ID: company + "-revoked"})
	}
	do(&state.RevokeToken{Company: "a", JTI: "t", Expires: time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)})

	v := s.View()
	ring := Of(v, "a")
	if len(ring.Partner) != 1 || ring.Partner[0].ID != "a-used" || !ring.Native["ours"].Equal(public) || ring.Company != "a" {
		t.Errorf("%+v", ring)
	}
	if c, ok := ring.Elsewhere("b-used"); !ok || c != "b" {
		t.Errorf("another's key is %q's", c)
	}
	if !ring.Revoked("t") || ring.Revoked("u") || Of(v, "b").Revoked("t") {
		t.Error("which tokens are withdrawn")
	}
	for kid, want := range map[string]bool{"a-used": true, "a-put-away": false, "a-revoked": false, "b-used": false, "ours": true, "none": false} {
		if Usable(v, "a", kid) != want {
			t.Errorf("%s is usable: %v", kid, !want)
		}
	}
	if empty := Of(nil, "a"); len(empty.Partner)+len(empty.Native) != 0 {
		t.Error("an empty view gives keys")
	}
}
