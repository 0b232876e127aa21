package history

import (
	"bytes"
	"compress/gzip"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/meridian-video/meridian/control/history/record"
	"github.com/meridian-video/meridian/geo"
)

// certificate is what TLS knows of a node that it has verified.
func certificate(node geo.NodeID, role geo.Role) *tls.ConnectionState {
	leaf := &x509.Certificate{
		URIs:    []*url.URL{geo.NodeURI(node)},
		Subject: pkix.Name{OrganizationalUnit: []string{string(role)}},
	}
	return &tls.ConnectionState{PeerCertificates: []*x509.Certificate{leaf}, VerifiedChains: [][]*x509.Certificate{{leaf}}}
}

func handler(s *Store) *Handler {
	h := NewHandler(s, func(company string) bool { return company == "acme" || company == "other" }, slog.New(slog.DiscardHandler))
	h.Now = func() time.Time { return after(1000) }
	return h
}

func post(h http.Handler, from *tls.ConnectionState, encoding string, body []byte) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, record.Path, bytes.NewReader(body))
	r.TLS = from
	if encoding != "" {
		r.Header.Set("Content-Encoding", encoding)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func answerOf(t *testing.T, w *httptest.ResponseRecorder) (a record.Answer) {
	t.Helper()
	if w.Code != http.StatusOK {
		t.Fatalf("%d: %s", w.Code, w.Body)
	}
	if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil {
		t.Fatal(err)
	}
	return a
}

func encode(t testing.TB, records ...record.Record) (body []byte) {
	t.Helper()
	for _, r := range records {
		line, err := record.Encode(r)
		if err != nil {
			t.Fatal(err)
		}
		body = append(body, line...)
	}
	return body
}

func zipped(t testing.TB, body []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(body); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestBatchesOfEdgesAreKept(t *testing.T) {
	onEach(t, func(t *testing.T, s *Store) {
		h, edge := handler(s), certificate("fra-1", geo.RoleEdge)
		body := encode(t, daily.opened(0), daily.joined("ann", 1), daily.chat("ann", 1, 2))
		for range 2 {
			if a := answerOf(t, post(h, edge, "gzip", zipped(t, body))); a.Stored != 3 || len(a.Refused) != 0 {
				t.Errorf("got %+v", a)
			}
		}
		if a := answerOf(t, post(h, edge, "", []byte("\n\n"))); a.Stored != 0 {
			t.Errorf("nothing: %+v", a)
		}
		if n := count(t, s, "message", "acme"); n != 1 {
			t.Errorf("%d messages", n)
		}
	})
}

// One bad record of a batch must cost no good one.
func TestRecordsThatAnEdgeMayNotWrite(t *testing.T) {
	onEach(t, func(t *testing.T, s *Store) {
		late := daily.closed(1000 + maxAhead.Seconds() + 1)
		body := slices.Concat(
			encode(t, daily.opened(0), event("e1", "acme", "user:u1", 0), meeting{"nobody", "daily", "s1"}.opened(0), late),
			[]byte("{}\n\nnonsense\n{\"t\":\"whiteboard\"}\n{\"t\":\"tick\"}\n"), encode(t, daily.joined("ann", 1)))
		a := answerOf(t, post(handler(s), certificate("fra-1", geo.RoleEdge), "", body))
		var got []string
		for _, r := range a.Refused {
			got = append(got, string(r.Code))
		}
		want := []string{"forbidden", "unknown_company", "future", "unknown_kind", "malformed", "unknown_kind", "invalid"}
		if a.Stored != 2 || !slices.Equal(got, want) || a.Refused[0].Line != 1 || a.Refused[6].Line != 7 {
			t.Errorf("got %+v", a)
		}
		again := 0
		for _, r := range a.Refused {
			if r.Code.Again() {
				again++
			}
		}
		if again != 4 || count(t, s, "audit", "acme") != 0 || count(t, s, "presence", "acme") != 1 || count(t, s, "session", "nobody") != 0 {
			t.Errorf("%d may come again, or something was kept", again)
		}
	})
}

func TestRequestsThatAreNoBatch(t *testing.T) {
	s := open(t, sqliteURL(t))
	h, edge := handler(s), certificate("fra-1", geo.RoleEdge)
	good := encode(t, daily.opened(0))
	bomb := zipped(t, bytes.Repeat([]byte("\n"), record.MaxBody+1))
	nameless := certificate("fra-1", geo.RoleEdge)
	nameless.PeerCertificates[0].URIs = nil
	tests := []struct {
		name     string
		from     *tls.ConnectionState
		encoding string
		body     []byte
		code     int
	}{
		{"no TLS", nil, "", good, 403},
		{"no certificate", &tls.ConnectionState{}, "", good, 403},
		{"no name", nameless, "", good, 403},
		{"control", certificate("c-1", geo.RoleControl), "", good, 403},
		{"no gzip", edge, "gzip", good, 400},
		{"gzip cut", edge, "gzip", zipped(t, good)[:20], 400},
		{"other encoding", edge, "br", good, 400},
		{"large", edge, "", bytes.Repeat([]byte(" "), record.MaxBody+1), 413},
		{"large once unpacked", edge, "gzip", bomb, 413},
		{"too many records", edge, "", bytes.Repeat([]byte("{}\n"), record.MaxBatch+1), 413},
		{"as many as may be", edge, "", bytes.Repeat([]byte("{}\n"), record.MaxBatch), 200},
	}
	for _, test := range tests {
		if w := post(h, test.from, test.encoding, test.body); w.Code != test.code {
			t.Errorf("%s: %d, want %d: %s", test.name, w.Code, test.code, w.Body)
		}
	}
	if n := count(t, s, "session", "acme"); n != 0 {
		t.Errorf("%d sessions were kept", n)
	}
}

func TestBatchesBeyondTheSlotsWait(t *testing.T) {
	s := open(t, sqliteURL(t))
	h, edge := handler(s), certificate("fra-1", geo.RoleEdge)
	for range maxBatches {
		h.slots <- struct{}{}
	}
	w := post(h, edge, "", encode(t, daily.opened(0)))
	if w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") == "" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	<-h.slots
	if a := answerOf(t, post(h, edge, "", encode(t, daily.opened(0)))); a.Stored != 1 {
		t.Errorf("got %+v", a)
	}
}

func TestADatabaseThatIsAwayIsNoAnswer(t *testing.T) {
	s := open(t, sqliteURL(t))
	if err := s.write.Close(); err != nil {
		t.Fatal(err)
	}
	w := post(handler(s), certificate("fra-1", geo.RoleEdge), "", encode(t, daily.opened(0)))
	if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" || strings.Contains(w.Body.String(), "sql") {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
}

func FuzzReadBatch(f *testing.F) {
	f.Add([]byte("{}\n{}\n"), false)
	f.Add(zipped(f, encode(f, daily.opened(0), daily.joined("ann", 1))), true)
	f.Add([]byte{0x1f, 0x8b}, true)
	f.Fuzz(func(t *testing.T, body []byte, packed bool) {
		r := httptest.NewRequest(http.MethodPost, record.Path, bytes.NewReader(body))
		if packed {
			r.Header.Set("Content-Encoding", "gzip")
		}
		lines, err := readBatch(httptest.NewRecorder(), r)
		if err != nil {
			return
		}
		size := 0
		for _, line := range lines {
			size += len(line)
			if len(line) == 0 || bytes.ContainsRune(line, '\n') {
				t.Fatalf("line %q", line)
			}
		}
		if len(lines) > record.MaxBatch || size > record.MaxBody {
			t.Fatalf("%d lines of %d bytes", len(lines), size)
		}
	})
}
