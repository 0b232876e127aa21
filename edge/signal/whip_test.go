package signal

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"
)

const offerSDP = "v=0\r\no=- 0 0 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=ice-ufrag:old1\r\na=ice-pwd:oldoldoldoldoldoldoldold\r\na=candidate:1 1 udp 1 10.0.0.1 1 typ host\r\n"

type fakeResource struct {
	restarts   []string
	candidates []string
	done       chan struct{}
	closed     bool
}

func (f *fakeResource) Answer() string { return offerSDP }
func (f *fakeResource) Restart(_ context.Context, fragment string) (string, error) {
	if !strings.Contains(fragment, "ice-pwd") {
		return "", Refuse(BadMessage, "fragment without ice-pwd", nil)
	}
	f.restarts = append(f.restarts, fragment)
	return "a=ice-ufrag:new1\r\n", nil
}
func (f *fakeResource) AddCandidates(s string) error {
	if !strings.Contains(s, "old1") {
		return ErrUfrag
	}
	f.candidates = append(f.candidates, s)
	return nil
}
func (f *fakeResource) Done() <-chan struct{} { return f.done }
func (f *fakeResource) Close() {
	if !f.closed {
		f.closed = true
		close(f.done)
	}
}

type fakeMediaHost struct {
	res *fakeResource
	got MediaRequest
	err error
}

func (h *fakeMediaHost) open(_ context.Context, r MediaRequest) (Resource, error) {
	h.got = r
	if h.err != nil {
		return nil, h.err
	}
	return h.res, nil
}
func (h *fakeMediaHost) Publish(ctx context.Context, r MediaRequest) (Resource, error) {
	return h.open(ctx, r)
}
func (h *fakeMediaHost) Play(ctx context.Context, r MediaRequest) (Resource, error) {
	return h.open(ctx, r)
}
func (h *fakeMediaHost) ICEServers(string) []ICEServer {
	return []ICEServer{{URLs: []string{"turn:192.0.2.1:3478?transport=udp"}, Username: "u", Credential: "c"}}
}

// request sends one request to a server with the routes of streams.
func request(t *testing.T, h http.Handler, method, path, contentType, body string, header ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func newStreamServer(host MediaHost) (http.Handler, *Streams) {
	s := NewStreams(host, slog.New(slog.DiscardHandler))
	r := chi.NewRouter()
	s.Mount(r)
	return r, s
}

func TestWHIPLifeOfASession(t *testing.T) {
	host := &fakeMediaHost{res: &fakeResource{done: make(chan struct{})}}
	h, s := newStreamServer(host)

	created := request(t, h, "POST", "/whip/a%20room", typeSDP, offerSDP, "Authorization", "Bearer tok")
	location, etag := created.Header.Get("Location"), created.Header.Get("ETag")
	if created.StatusCode != 201 || etag == "" || !strings.HasPrefix(location, "/whip/a%20room/") || created.Header.Get("Content-Type") != typeSDP {
		t.Fatalf("POST: %d, Location %q, ETag %q", created.StatusCode, location, etag)
	}
	if l := created.Header.Get("Link"); !strings.Contains(l, `rel="ice-server"`) || !strings.Contains(l, `credential-type="password"`) {
		t.Errorf("Link: %q", l)
	}
	if host.got.Room != "a room" || host.got.Token != "tok" {
		t.Errorf("the host was asked for %+v", host.got)
	}
	trickle := "a=ice-ufrag:old1\r\nm=audio 9 RTP/AVP 0\r\na=mid:0\r\na=candidate:2 1 udp 1 10.0.0.2 2 typ host\r\n"
	restart := "a=ice-ufrag:cli2\r\na=ice-pwd:newnewnewnewnewnewnewnew\r\n"
	for _, c := range []struct {
		name, contentType, body, match string
		want                           int
	}{
		{"no If-Match", typeFragment, trickle, "", 428},
		{"stale If-Match", typeFragment, trickle, `"other"`, 412},
		{"wrong type", typeSDP, trickle, etag, 415},
		{"candidates", typeFragment, trickle, etag, 204},
		{"candidates of another session", typeFragment, "a=ice-ufrag:zzzz\r\n", etag, 412},
		{"restart without credentials", typeFragment, trickle[len("a=ice-ufrag:old1\r\n"):], "*", 400},
		{"restart", typeFragment, restart, "*", 200},
		{"ETag of before the restart", typeFragment, trickle, etag, 412},
	} {
		res := request(t, h, "PATCH", location, c.contentType, c.body, "If-Match", c.match)
		if res.StatusCode != c.want {
			t.Errorf("PATCH %s: %d, want %d", c.name, res.StatusCode, c.want)
		}
		if c.name == "restart" {
			b, _ := io.ReadAll(res.Body)
			if !strings.Contains(string(b), "a=ice-ufrag:new1") || res.Header.Get("ETag") == etag {
				t.Errorf("restart answered %q with ETag %s", b, res.Header.Get("ETag"))
			}
		}
	}
	if got := host.res.restarts; len(got) != 1 || got[0] != restart {
		t.Errorf("restarted with %q", got)
	}
	if res := request(t, h, "DELETE", location, "", ""); res.StatusCode != 200 || !host.res.closed {
		t.Errorf("DELETE: %d, closed %v", res.StatusCode, host.res.closed)
	}
	s.Close()
	if res := request(t, h, "DELETE", location, "", ""); res.StatusCode != 404 {
		t.Errorf("second DELETE: %d, want 404", res.StatusCode)
	}
}

func TestStreamRefusals(t *testing.T) {
	for _, c := range []struct {
		name string
		err  error
		want int
	}{
		{"expired token", Refuse("token_expired", "expired", nil), 401},
		{"unknown room", Refuse(NotFound, "no", nil), 404},
		{"full node", &Error{Kind: Refused, Code: NodeFull, RetryAfter: 5}, 503},
		{"our fault", io.ErrUnexpectedEOF, 500},
	} {
		h, _ := newStreamServer(&fakeMediaHost{err: c.err})
		res := request(t, h, "POST", "/whep/demo", typeSDP, offerSDP)
		b, _ := io.ReadAll(res.Body)
		if res.StatusCode != c.want || res.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: %d %s", c.name, res.StatusCode, b)
		}
		if c.want == 503 && res.Header.Get("Retry-After") != "5" {
			t.Errorf("%s: Retry-After %q", c.name, res.Header.Get("Retry-After"))
		}
		if strings.Contains(string(b), "unexpected EOF") {
			t.Errorf("%s: the cause is shown: %s", c.name, b)
		}
	}
	h, _ := newStreamServer(&fakeMediaHost{})
	if res := request(t, h, "POST", "/whip/demo", "text/plain", "x"); res.StatusCode != 415 {
		t.Errorf("wrong media type: %d", res.StatusCode)
	}
	if res := request(t, h, "OPTIONS", "/whip/demo", "", ""); res.StatusCode != 204 || res.Header.Get("Accept-Post") != typeSDP {
		t.Errorf("OPTIONS: %d %v", res.StatusCode, res.Header)
	}
}
