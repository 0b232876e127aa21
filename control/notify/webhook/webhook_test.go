package webhook

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/meridian-video/meridian/control/notify/guard"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// The example of the scheme's own specification.
func TestSignatureIsThatOfTheStandard(t *testing.T) {
	k, err := ParseKey("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	if err != nil {
		t.Fatal(err)
	}
	got := Sign([]Key{k}, "msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), []byte(`{"test": 2432232314}`))
	if want := "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="; got != want {
		t.Errorf("signed %s, want %s", got, want)
	}
}

func TestReceiversAcceptOldAndNewKeyWhileItIsReplaced(t *testing.T) {
	old, fresh, other := NewKey(), NewKey(), NewKey()
	body := []byte(`{"a":1}`)
	header := Sign([]Key{fresh, old}, "evt_1", noon, body)
	stamp := fmt.Sprint(noon.Unix())
	for _, k := range []Key{old, fresh} {
		if err := Verify(k, "evt_1", stamp, header, body, noon.Add(Tolerance)); err != nil {
			t.Error(err)
		}
	}
	bad := []struct {
		k              Key
		id, at, signed string
		body           string
		now            time.Time
		want           error
	}{
		{other, "evt_1", stamp, header, `{"a":1}`, noon, ErrSignature},
		{old, "evt_2", stamp, header, `{"a":1}`, noon, ErrSignature},
		{old, "evt_1", fmt.Sprint(noon.Unix() + 1), header, `{"a":1}`, noon, ErrSignature},
		{old, "evt_1", stamp, header, `{"a":2}`, noon, ErrSignature},
		{old, "evt_1", stamp, "", `{"a":1}`, noon, ErrSignature},
		{old, "evt_1", stamp, strings.ReplaceAll(header, "v1,", "v1a,"), `{"a":1}`, noon, ErrSignature},
		{old, "evt_1", stamp, header, `{"a":1}`, noon.Add(Tolerance + time.Second), ErrTimestamp},
		{old, "evt_1", stamp, header, `{"a":1}`, noon.Add(-Tolerance - time.Second), ErrTimestamp},
		{old, "evt_1", "yesterday", header, `{"a":1}`, noon, ErrTimestamp},
	}
	for i, b := range bad {
		if err := Verify(b.k, b.id, b.at, b.signed, []byte(b.body), b.now); !errors.Is(err, b.want) {
			t.Errorf("%d: %v, want %v", i, err, b.want)
		}
	}
}

func TestKeysAreReadAndHidden(t *testing.T) {
	k := NewKey()
	if again, err := ParseKey(k.Text()); err != nil || string(again) != string(k) {
		t.Errorf("read back %v, %v", err, len(again))
	}
	if text := fmt.Sprintf("%v %s %+v", k, k, []any{k}); strings.Contains(text, k.Text()[10:]) {
		t.Errorf("a log shows the key: %s", text)
	}
	for _, bad := range []string{"", "whsec_", "whsec_AAAA", "whsec_!", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_" + strings.Repeat("A", 88) + "AA=="} {
		if _, err := ParseKey(bad); !errors.Is(err, ErrKey) {
			t.Errorf("%q is a key: %v", bad, err)
		}
	}
}

// sender reaches servers on this machine.
func sender(t *testing.T, timeout time.Duration) *Sender {
	t.Helper()
	g := guard.Guard{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}
	s := &Sender{Client: g.Client(timeout)}
	t.Cleanup(s.Client.CloseIdleConnections)
	return s
}

func TestAnswersAreJudged(t *testing.T) {
	status, after := 200, ""
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if after != "" {
			w.Header().Set("Retry-After", after)
		}
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(status)
		_, _ = w.Write(make([]byte, 1<<20))
	}))
	defer server.Close()
	s := sender(t, 5*time.Second)
	tests := []struct {
		status int
		after  string
		want   Verdict
		wait   time.Duration
	}{
		{200, "", Accepted, 0}, {202, "", Accepted, 0}, {301, "", Again, 0}, {302, "", Again, 0},
		{400, "", Refused, 0}, {401, "", Again, 0}, {403, "", Again, 0}, {404, "", Again, 0}, {410, "", Gone, 0}, {413, "", Refused, 0},
		{422, "", Refused, 0}, {429, "120", Again, 2 * time.Minute}, {429, "999999", Again, 24 * time.Hour}, {429, "-1", Again, 0},
		{500, "", Again, 0}, {501, "", Refused, 0}, {503, noon.Add(time.Hour).Format(http.TimeFormat), Again, time.Hour}, {503, "soon", Again, 0},
	}
	for _, tt := range tests {
		status, after = tt.status, tt.after
		a := s.Send(t.Context(), Request{URL: server.URL, ID: "evt_1", At: noon, Body: []byte("{}")})
		if a.Verdict != tt.want || a.After != tt.wait || (a.Fault == "") != (tt.want == Accepted) {
			t.Errorf("%d %q: %+v", tt.status, tt.after, a)
		}
	}
}

func TestRequestsCarryTheHeaders(t *testing.T) {
	k := NewKey()
	var got http.Header
	var problem error
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		got = r.Header
		body, err := io.ReadAll(r.Body)
		problem = errors.Join(err, Verify(k, got.Get("webhook-id"), got.Get("webhook-timestamp"), got.Get("webhook-signature"), body, noon))
	}))
	defer server.Close()
	a := sender(t, 5*time.Second).Send(t.Context(), Request{
		URL: server.URL, Authorization: "Bearer x", Keys: []Key{k}, ID: "evt_1", At: noon, Body: []byte(`{"type":"t"}`),
	})
	if a.Verdict != Accepted || problem != nil {
		t.Errorf("%+v, %v", a, problem)
	}
	for name, want := range map[string]string{"Content-Type": "application/json", "Authorization": "Bearer x", "Webhook-Id": "evt_1"} {
		if got.Get(name) != want {
			t.Errorf("%s: %q", name, got.Get(name))
		}
	}
}

func TestSlowAndForbiddenReceiversFail(t *testing.T) {
	release := make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	}))
	defer slow.Close()
	defer close(release)
	s := sender(t, 50*time.Millisecond)
	if a := s.Send(t.Context(), Request{URL: slow.URL + "/?secret=x", At: noon}); a.Verdict != Again || a.Status != 0 || strings.Contains(a.Fault, "secret") {
		t.Errorf("slow: %+v", a)
	}
	for url, want := range map[string]Verdict{"https://10.0.0.1/": Again, "ftp://example.com/": Refused, "://": Refused, "https://[::1]:1/": Again} {
		if a := s.Send(t.Context(), Request{URL: url, At: noon}); a.Verdict != want {
			t.Errorf("%s: %+v", url, a)
		}
	}
}

func FuzzParseKey(f *testing.F) {
	f.Add(Key(make([]byte, 32)).Text())
	f.Add("whsec_")
	f.Fuzz(func(t *testing.T, text string) {
		k, err := ParseKey(text)
		if err == nil && (len(k) < minKey || len(k) > maxKey) {
			t.Errorf("%q is a key of %d bytes", text, len(k))
		}
	})
}

func FuzzVerify(f *testing.F) {
	k := Key(make([]byte, 32))
	f.Add("evt_1", fmt.Sprint(noon.Unix()), Sign([]Key{k}, "evt_1", noon, []byte("{}")), []byte("{}"))
	f.Add("", "-1", "v1,", []byte(nil))
	f.Fuzz(func(t *testing.T, id, at, signature string, body []byte) {
		if Verify(k, id, at, signature, body, noon) == nil && !strings.Contains(signature, strings.TrimPrefix(Sign([]Key{k}, id, noon, body), "v1,")) &&
			at == fmt.Sprint(noon.Unix()) {
			t.Errorf("accepted %q over %q", signature, body)
		}
	})
}
