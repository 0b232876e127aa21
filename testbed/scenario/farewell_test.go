package scenario

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"math/big"
	"net"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/meridian-video/meridian/testbed/client"
	"github.com/meridian-video/meridian/testbed/simnet"
)

const partnerIP = "10.0.9.1"

// partnerServer is a company's own server, which says yes to everything.
type partnerServer struct {
	mu    sync.Mutex
	calls []partnerCall
}

type partnerCall struct {
	at         time.Time
	path, peer string
}

func (s *partnerServer) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, partnerCall{time.Now(), r.URL.Path, r.URL.Query().Get("peerId")})
}

// of are the times of the calls about a peer.
func (s *partnerServer) of(path, peer string) (at []time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.calls {
		if c.path == path && c.peer == peer {
			at = append(at, c.at)
		}
	}
	return at
}

// vouched is a certificate for the server, and who vouches for it.
func vouched(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: epoch.Add(-time.Hour), NotAfter: epoch.Add(24 * time.Hour), IPAddresses: []net.IP{net.ParseIP(partnerIP)}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots
}

// partnersRoom is a room of a company whose server is asked about who comes and
// told who has left.
func partnersRoom(t *testing.T, seed uint64) (*room, *partnerServer) {
	t.Helper()
	cert, roots := vouched(t)
	r, s := &room{StartWith(t, seed, roots), t, map[string]*client.Client{}}, &partnerServer{}
	l, err := r.Host(partnerIP).Listen(443)
	r.must(err)
	server := &http.Server{Handler: s, TLSConfig: &tls.Config{Certificates: []tls.Certificate{cert}}}
	var wg sync.WaitGroup
	wg.Go(func() { _ = server.ServeTLS(l, "", "") })
	t.Cleanup(func() { _ = server.Close(); wg.Wait() })
	for _, kind := range []string{"join", "close"} {
		r.tenant("iad", "POST", "/webhooks", object{"kind": kind, "url": "https://" + partnerIP + "/events"}, nil)
	}
	r.hall("iad")
	return r, s
}

// told waits for the call about an end and gives when it came; it is the only one,
// also a minute later.
func (s *partnerServer) told(r *room, peer string) time.Time {
	r.t.Helper()
	r.Wait("the end of "+peer+" is told", func() error {
		if len(s.of("/events/closePeer", peer)) == 0 {
			return errors.New("not yet")
		}
		return nil
	})
	time.Sleep(time.Minute)
	calls := s.of("/events/closePeer", peer)
	if len(calls) != 1 {
		r.t.Errorf("the end of %s was told %d times", peer, len(calls))
	}
	return calls[0]
}

// comes has somebody join by a partner's link and send; the server is asked once.
func (s *partnerServer) comes(r *room, peer, pop string) (*simnet.Host, *client.Client) {
	r.t.Helper()
	host := r.clientHost(pop)
	c, err := r.by(host, pop, client.Options{Room: "hall", Source: "gcore", Name: peer, Media: both, Attributes: map[string]string{"peerId": peer}}, patience)
	r.must(err)
	r.Send(c, camera)
	if n := len(s.of("/events/joinPeer", peer)); n != 1 {
		r.t.Fatalf("asked %d times about %s", n, peer)
	}
	return host, c
}

// TestACompanysServerHearsOfEveryEnd: at once of who leaves, after the grace of who
// is lost, once of each, and neither of who comes back in time. Nobody is asked
// about again who comes back.
// Covers GC-A30, GC-A31.
func TestACompanysServerHearsOfEveryEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, s := partnersRoom(t, 61)
		_, ann := s.comes(r, "ann", "fra")
		s.comes(r, "bob", "iad")
		computer, cat := s.comes(r, "cat", "syd")

		left := time.Now()
		ann.Leave()
		if took := s.told(r, "ann").Sub(left); took > 2*time.Second {
			t.Errorf("told %v after a leave", took)
		} else {
			t.Logf("told %v after a leave", took)
		}

		// Twenty seconds without a network: she is back within the grace.
		r.Silence(computer.Addr().String())
		time.Sleep(20 * time.Second)
		r.Revive(computer.Addr().String())
		cat.Close()
		back, err := r.by(computer, "fra", client.Options{Room: "hall", Source: "gcore", Name: "cat", Media: both, Resume: cat.Joined.Resume}, patience)
		r.must(err)
		r.Send(back, camera)
		time.Sleep(time.Minute)
		if asked, told := s.of("/events/joinPeer", "cat"), s.of("/events/closePeer", "cat"); len(asked) != 1 || len(told) > 0 {
			t.Errorf("of who came back the server was asked %d times and told %d times", len(asked), len(told))
		}

		lost := time.Now()
		r.Silence(computer.Addr().String())
		if took := s.told(r, "cat").Sub(lost); took > 35*time.Second {
			t.Errorf("told %v after a loss", took)
		} else {
			t.Logf("told %v after a loss", took)
		}
		if len(s.of("/events/closePeer", "bob")) > 0 {
			t.Error("told of who is there")
		}
	})
}

// TestACompanysServerHearsOnceWhenTheHomeDies: the node that led the room is gone
// with who was on it. Whoever leads next tells that end, once, also when the
// dead node is back.
// Covers GC-A30.
func TestACompanysServerHearsOnceWhenTheHomeDies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, s := partnersRoom(t, 62)
		_, ann := s.comes(r, "ann", "fra")
		s.comes(r, "bob", "iad")
		if home := r.oneHome(); home != "iad" {
			t.Fatalf("the home is %s", home)
		}
		died := time.Now()
		r.Silence(r.edgeIP("iad"))
		told := s.told(r, "bob").Sub(died)
		t.Logf("told %v after the death", told)
		if told > 35*time.Second {
			t.Error("that is late")
		}
		r.Revive(r.edgeIP("iad"))
		time.Sleep(time.Minute)
		if n := len(s.of("/events/closePeer", "ann")); n > 0 {
			t.Errorf("who was there all the time was told %d times", n)
		}
		left := time.Now()
		ann.Leave()
		if took := s.told(r, "ann").Sub(left); took < 0 || took > 2*time.Second {
			t.Errorf("the end of the other was told %v after it", took)
		}
		if n := len(s.of("/events/closePeer", "bob")); n != 1 {
			t.Errorf("told %d times", n)
		}
	})
}
