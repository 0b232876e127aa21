package sms

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

var message = Message{ID: "n1", To: "+491701234567", Text: "Soon: \"Budget\" & plan\nhttps://x.example/?a=b"}

func TestGatewaysGetMessagesInTheirForm(t *testing.T) {
	var got *http.Request
	var body string
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		got, body = r, string(text)
	}))
	defer server.Close()
	post := Gateway{
		URL: server.URL + "/send", Method: "POST", ContentType: "application/json", Authorization: "Bearer k", From: "Acme",
		Body: `{"to":{{json .To}},"text":{{json .Text}},"from":{{json .From}},"id":{{json .ID}}}`,
	}
	if err := post.Validate(); err != nil {
		t.Fatal(err)
	}
	if status, err := post.Send(t.Context(), message); status != 200 || err != nil {
		t.Fatal(status, err)
	}
	var sent map[string]string
	if err := json.Unmarshal([]byte(body), &sent); err != nil || sent["text"] != message.Text || sent["to"] != message.To || sent["from"] != "Acme" || sent["id"] != "n1" {
		t.Errorf("%s, %v", body, err)
	}
	if got.Method != "POST" || got.Header.Get("Authorization") != "Bearer k" || got.Header.Get("Content-Type") != "application/json" {
		t.Errorf("%s %v", got.Method, got.Header)
	}
	get := Gateway{URL: server.URL + "/send?to={{query .To}}&text={{query .Text}}", Method: "GET"}
	if _, err := get.Send(t.Context(), message); err != nil || got.URL.Query().Get("text") != message.Text || got.URL.Query().Get("to") != message.To {
		t.Errorf("%v, %v", got.URL, err)
	}
}

func TestAnswersAreJudged(t *testing.T) {
	status := 200
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(status)
	}))
	defer server.Close()
	for _, tt := range []struct {
		status       int
		sent, refuse bool
	}{{200, true, false}, {202, true, false}, {302, false, false}, {400, false, true}, {401, false, false}, {422, false, true}, {429, false, false}, {503, false, false}} {
		status = tt.status
		got, err := Gateway{URL: server.URL, Method: "POST"}.Send(t.Context(), message)
		if got != tt.status || (err == nil) != tt.sent || errors.Is(err, ErrRefused) != tt.refuse {
			t.Errorf("%d: %d, %v", tt.status, got, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := (Gateway{URL: server.URL + "?key=secret", Method: "POST"}).Send(ctx, message); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("cancelled: %v", err)
	}
}

func TestSettingsAreChecked(t *testing.T) {
	for _, bad := range []Gateway{
		{}, {URL: "https://x.example", Method: "PUT"}, {URL: "x.example", Method: "POST"}, {URL: "https://x.example/{{.Nope}}", Method: "POST"},
		{URL: "https://x.example", Method: "POST", Body: "{{"}, {URL: "https://x.example", Method: "POST", ContentType: "application/json", Body: `{"text":"{{.Text}}"}`},
	} {
		if bad.Validate() == nil {
			t.Errorf("%+v is accepted", bad)
		}
	}
}

func FuzzIsNumber(f *testing.F) {
	for _, s := range []string{"+491701234567", "+1", "0170", "+0123456", "+12345678901234567", "+12 34 5", "+١٢٣٤٥٦"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if IsNumber(s) && (len(s) > 16 || strings.ContainsFunc(s[1:], func(r rune) bool { return r < '0' || r > '9' })) {
			t.Errorf("%q is a number", s)
		}
	})
}
