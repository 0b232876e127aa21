package gcore

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"
)

func newKey(t *testing.T) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestAKeyIsReadInBothFormsOfOpenSSL(t *testing.T) {
	key := newKey(t)
	modern, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for kind, der := range map[string][]byte{"RSA PRIVATE KEY": x509.MarshalPKCS1PrivateKey(key), "PRIVATE KEY": modern} {
		if read, err := ReadKey(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})); err != nil || !read.Equal(key) {
			t.Errorf("%s: %v", kind, err)
		}
	}
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	other, err := x509.MarshalPKCS8PrivateKey(curve)
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range [][]byte{nil, []byte("text"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte{1}}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: other})} {
		if _, err := ReadKey(bad); !errors.Is(err, ErrKey) {
			t.Errorf("%.30q: %v", bad, err)
		}
	}
}

func TestATokenIsSignedAsTheGuideSays(t *testing.T) {
	key := newKey(t)
	token, err := Sign(key, map[string]any{"roomId": "abcd1234", "role": "moderator"})
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(token, ".")
	header, _ := base64.RawURLEncoding.DecodeString(parts[0])
	payload, _ := base64.RawURLEncoding.DecodeString(parts[1])
	signature, _ := base64.RawURLEncoding.DecodeString(parts[2])
	if string(header) != `{"typ":"JWT","alg":"RS256"}` || string(payload) != `{"role":"moderator","roomId":"abcd1234"}` {
		t.Errorf("%s %s", header, payload)
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if err := rsa.VerifyPKCS1v15(&key.PublicKey, crypto.SHA256, sum[:], signature); err != nil {
		t.Error(err)
	}
}

func TestThePageHasTheFrameAndTheBridge(t *testing.T) {
	for _, key := range []*rsa.PrivateKey{nil, newKey(t)} {
		w := httptest.NewRecorder()
		(&Site{Meet: "https://meet.example", Room: "serv0a", Key: key}).Handler().ServeHTTP(w, httptest.NewRequest("GET", "/?name=%22Tom%22&id=5&moderator=true", nil))
		body := w.Body.String()
		for _, want := range []string{`src="https://meet.example/meetBridgeApi.js"`, `src="https://meet.example/call/?displayName=%22Tom%22&amp;nameScreenDisabled=true&amp;peerId=5&amp;roomId=serv0a`, `roomId: "serv0a"`} {
			if !strings.Contains(body, want) {
				t.Errorf("no %s in\n%s", want, body)
			}
		}
		if strings.Contains(body, "token=") != (key != nil) || strings.Contains(body, "role=") {
			t.Errorf("key %v: the link says\n%s", key != nil, body)
		}
	}
}

func TestHooksRememberAndAnswer(t *testing.T) {
	site := &Site{Hooks: Hooks{Secret: "Basic x"}}
	header := "Basic x"
	ask := func(method, path, body string) int {
		r, w := httptest.NewRequest(method, path, strings.NewReader(body)), httptest.NewRecorder()
		r.Header.Set("Authorization", header)
		site.Handler().ServeHTTP(w, r)
		return w.Code
	}
	site.Answer("joinPeer", http.StatusLocked, "later")
	got := []int{ask("GET", "/webhook/joinPeer?roomId=a&peerId=5", ""), ask("GET", "/webhook/closePeer?peerId=5", ""), ask("POST", "/access", `[`), ask("GET", "/webhook/else", "")}
	header = "Basic y"
	got = append(got, ask("GET", "/webhook/closePeer?peerId=6", ""))
	if want := []int{423, 200, 400, 404, 401}; !reflect.DeepEqual(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	want := []Call{{"closePeer", "Basic x", url.Values{"peerId": {"5"}}}}
	if calls := site.Calls("closePeer"); !reflect.DeepEqual(calls, want) || len(site.Calls("joinPeer")) != 1 {
		t.Errorf("%v", calls)
	}
}

func TestAPassIsForOnePersonOnce(t *testing.T) {
	site := &Site{Passes: true}
	link, err := site.link(url.Values{"id": {"5"}})
	if err != nil {
		t.Fatal(err)
	}
	at, err := url.Parse(link)
	if err != nil {
		t.Fatal(err)
	}
	pass := at.Query().Get("accessToken")
	for i, c := range []struct {
		pass, peer string
		want       int
	}{{"t", "5", 401}, {pass, "6", 401}, {pass, "5", 200}, {pass, "5", 401}} {
		w := httptest.NewRecorder()
		site.Handler().ServeHTTP(w, httptest.NewRequest("POST", "/access", strings.NewReader(`{"roomId":"a","accessToken":"`+c.pass+`","peerId":"`+c.peer+`"}`)))
		if w.Code != c.want {
			t.Errorf("%d: %d, want %d", i, w.Code, c.want)
		}
	}
}

func TestRoomsAreAskedAboutAndClosed(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method != "GET" || r.Header.Get("Authorization") != "key":
			w.WriteHeader(http.StatusForbidden)
		case r.URL.EscapedPath() == "/rooms/serv1%2Fa/numberPeers":
			_, _ = w.Write([]byte(`{"roomId":"serv1/a","numberPeers":3}`))
		case r.URL.Path == "/rooms/broken/numberPeers":
			_, _ = w.Write([]byte(`{`))
		case r.URL.Path != "/rooms/serv1/closeRoom":
			w.WriteHeader(http.StatusBadRequest)
		}
	}))
	defer server.Close()
	r := Rooms{server.URL, "key", server.Client()}
	if n, err := r.Number(t.Context(), "serv1/a"); err != nil || n != 3 {
		t.Errorf("%d, %v", n, err)
	}
	if _, err := r.Number(t.Context(), "broken"); err == nil {
		t.Error("half an answer is taken")
	}
	if err := r.Close(t.Context(), "serv1"); err != nil {
		t.Error(err)
	}
	if err := r.Close(t.Context(), "nobody"); !errors.Is(err, CodeError(400)) {
		t.Errorf("a room that nobody is in: %v", err)
	}
}

func TestStatisticsAreAskedForAsTheGuideSays(t *testing.T) {
	from := time.Date(2021, 6, 21, 0, 0, 0, 0, time.UTC)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		switch {
		case r.Header.Get("Authorization") != "key" || q.Get("from") != "2021-06-21T00:00:00.0Z" || q.Get("to") != "2021-06-22T00:00:00.0Z":
			w.WriteHeader(http.StatusForbidden)
		case q.Get("room_id") == "broken":
			_, _ = w.Write([]byte(`{`))
		case r.URL.Path == "/vp/api/statistics/peers/summary":
			_, _ = w.Write([]byte(`{"data":{"participants":3,"start_time":1624268280,"end_time":1624358940,"duration":90660},"errors":[]}`))
		case r.URL.Path == "/vp/api/statistics/peers/":
			_, _ = w.Write([]byte(`{"data":[{"person_id":"peer2","join_time":1624268640,"leave_time":1624269300,"duration":660}],"errors":[]}`))
		}
	}))
	defer server.Close()
	s := Statistics{server.URL, "key", server.Client()}
	sum, err := s.Summary(t.Context(), "a", from, from.Add(24*time.Hour))
	if want := (Summary{3, 1624268280, 1624358940, 90660}); err != nil || sum != want {
		t.Errorf("%+v, %v", sum, err)
	}
	stays, err := s.Peers(t.Context(), "a", from, from.Add(24*time.Hour))
	if want := []Stay{{"peer2", 1624268640, 1624269300, 660}}; err != nil || !reflect.DeepEqual(stays, want) {
		t.Errorf("%+v, %v", stays, err)
	}
	if _, err := s.Summary(t.Context(), "broken", from, from.Add(24*time.Hour)); err == nil {
		t.Error("half an answer is taken")
	}
	s.Token = ""
	if _, err := s.Peers(t.Context(), "a", from, from.Add(24*time.Hour)); !errors.Is(err, CodeError(403)) {
		t.Errorf("without a key: %v", err)
	}
}
