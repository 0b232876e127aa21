package bidi

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/coder/websocket"
)

// command is what a browser reads.
type command struct {
	ID     int            `json:"id"`
	Method string         `json:"method"`
	Params map[string]any `json:"params"`
}

// fakeBrowser answers each command with what the table has for its method; a
// command that is not in it ends the connection.
func fakeBrowser(t *testing.T, results map[string]string) *Session {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/session" {
			t.Errorf("dialled %s", r.URL.Path)
		}
		conn, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer func() { _ = conn.CloseNow() }()
		for {
			_, b, err := conn.Read(r.Context())
			if err != nil {
				return
			}
			var c command
			if err := json.Unmarshal(b, &c); err != nil {
				t.Error(err)
			}
			result, ok := results[c.Method]
			if !ok {
				return
			}
			for _, m := range []string{`{"type":"event","method":"log.entryAdded","params":{}}`, "rubbish", strings.Replace(result, "{", `{"id":`+jsonOf(c.ID)+`,`, 1)} {
				_ = conn.Write(r.Context(), websocket.MessageText, []byte(m))
			}
		}
	}))
	t.Cleanup(server.Close)
	results["session.new"] = `{"type":"success","result":{"sessionId":"1"}}`
	s, err := Dial(t.Context(), "ws"+strings.TrimPrefix(server.URL, "http"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func jsonOf(n int) string {
	b, _ := json.Marshal(n)
	return string(b)
}

func TestPage(t *testing.T) {
	s := fakeBrowser(t, map[string]string{
		"browsingContext.getTree":           `{"type":"success","result":{"contexts":[{"context":"tab"}]}}`,
		"browsingContext.navigate":          `{"type":"success","result":{}}`,
		"browsingContext.setViewport":       `{"type":"success","result":{}}`,
		"browsingContext.captureScreenshot": `{"type":"success","result":{"data":"iVBORw=="}}`,
		"script.evaluate":                   `{"type":"success","result":{"type":"success","result":{"type":"string","value":"yes"}}}`,
	})
	p, err := s.First(t.Context())
	if err != nil || p.context != "tab" {
		t.Fatalf("tab %+v, %v", p, err)
	}
	if err := errors.Join(p.Navigate(t.Context(), "about:blank"), p.Resize(t.Context(), 640, 360)); err != nil {
		t.Error(err)
	}
	if text, err := p.Eval(t.Context(), "'yes'"); text != "yes" || err != nil {
		t.Errorf("evaluated to %q, %v", text, err)
	}
	if png, err := p.Screenshot(t.Context()); string(png) != "\x89PNG" || err != nil {
		t.Errorf("screenshot %q, %v", png, err)
	}
}

func TestScriptsThatFail(t *testing.T) {
	for name, result := range map[string]string{
		"throws":      `{"type":"success","result":{"type":"exception","exceptionDetails":{"text":"Error: no"}}}`,
		"no string":   `{"type":"success","result":{"type":"success","result":{"type":"undefined"}}}`,
		"not allowed": `{"type":"error","error":"no such frame","message":"gone"}`,
	} {
		s := fakeBrowser(t, map[string]string{"script.evaluate": result})
		if _, err := (&Page{session: s, context: "tab"}).Eval(t.Context(), "x"); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestRefusedCommandSaysWhy(t *testing.T) {
	s := fakeBrowser(t, map[string]string{"browsingContext.close": `{"type":"error","error":"no such frame","message":"gone"}`})
	var refused *Error
	if err := s.Call(t.Context(), "browsingContext.close", nil, nil); !errors.As(err, &refused) || refused.Code != "no such frame" {
		t.Errorf("closing gave %v", err)
	}
}

func TestBrowserThatGoesAway(t *testing.T) {
	s := fakeBrowser(t, map[string]string{})
	if err := s.Call(t.Context(), "browser.close", nil, nil); !errors.Is(err, ErrClosed) {
		t.Errorf("the last command gave %v", err)
	}
	if err := s.Call(t.Context(), "browser.close", nil, nil); !errors.Is(err, ErrClosed) {
		t.Errorf("a command after the end gave %v", err)
	}
}

func TestImpatientCaller(t *testing.T) {
	s := fakeBrowser(t, map[string]string{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Call(ctx, "browser.close", nil, nil); err == nil {
		t.Error("a command with an ended context gave no error")
	}
	if len(s.waiting) != 0 {
		t.Errorf("%d answers are still waited for", len(s.waiting))
	}
}
