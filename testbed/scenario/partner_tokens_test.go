package scenario

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/meridian-video/meridian/control"
)

// samplePayload is that of the guide, with the blank behind the time.
var samplePayload = jwt.MapClaims{"role": "moderator", "startTime": "2021-06-21T00:00:00.0Z "}

// keyFiles makes a pair by the two commands of the guide, and gives the public file
// and a token.
func keyFiles(t *testing.T, bits int) (public, token string) {
	t.Helper()
	private := filepath.Join(t.TempDir(), "key_name.key")
	for _, args := range [][]string{
		{"genrsa", "-out", private, fmt.Sprint(bits)},
		{"rsa", "-in", private, "-pubout", "-outform", "PEM", "-out", private + ".pub"},
	} {
		if out, err := exec.CommandContext(t.Context(), "openssl", args...).CombinedOutput(); err != nil {
			t.Fatalf("openssl %v: %v\n%s", args, err, out)
		}
	}
	read := func(name string) []byte {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	key, err := jwt.ParseRSAPrivateKeyFromPEM(read(private))
	if err != nil {
		t.Fatal(err)
	}
	token, err = jwt.NewWithClaims(jwt.SigningMethodRS256, samplePayload).SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(read(private + ".pub")), token
}

// TestPartnersKeysByOpenSSL: a public file is registered as it is, and the guide's
// sample signed with the private one opens any room at every POP within five
// seconds. A key of 1024 bits is refused.
// Covers GC-A15, GC-A16, GC-A19.
func TestPartnersKeysByOpenSSL(t *testing.T) {
	type pair struct{ public, token string }
	files := map[int]pair{}
	for _, bits := range []int{1024, 2048, 4096} {
		public, token := keyFiles(t, bits)
		files[bits] = pair{public, token}
	}
	synctest.Test(t, func(t *testing.T) {
		r := newRoom(t, 64)
		for bits, status := range map[int]int{1024: 422, 2048: 201, 4096: 201} {
			key, err := r.Control.Node.EnsureDev(t.Context())
			r.must(err)
			if got := r.post(r.browser("iad"), "iad", "POST", "/companies/"+control.DevCompany+"/keys", key, object{"pem": files[bits].public}, nil); got != status {
				t.Errorf("%d bits: %d, want %d", bits, got, status)
			}
			began := time.Now()
			for _, pop := range POPs {
				address := "/call/?roomId=hall&role=regular&token=" + files[bits].token
				if status != 201 {
					r.denied(pop, address, "token_signature")
					continue
				}
				r.Wait(pop+" takes the token", func() error {
					c, err := r.tryOpen(pop, address)
					if err == nil && c.Joined.Self.Role != "moderator" {
						t.Errorf("%d bits: came in as %s", bits, c.Joined.Self.Role)
					}
					return err
				})
			}
			took := time.Since(began)
			t.Logf("%d bits: %d; three POPs had answered after %v", bits, status, took)
			if took > 5*time.Second {
				t.Error("that is later than promised")
			}
		}
	})
}
