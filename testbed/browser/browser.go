// Package browser drives real headless browsers for journeys of participants:
// it opens the meeting page with a synthetic camera and a tone as microphone,
// reads the page's diagnosis object, listens, and takes screenshots.
//
// Browsers are the ones installed on the machine; testbed/test installs them.
package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/meridian-video/meridian/testbed/cluster"
)

// Options say how a browser starts.
type Options struct {
	Firefox bool    // instead of Chromium
	Tone    float64 // Hz of the tone in the microphone; 0: the browser's own
	Width   int     // of the viewport; 0: 1280
	Height  int     // 0: 720
	Dark    bool    // Chromium only, as all that follow
	// Insecure takes certificates that nobody vouches for, as a person does who
	// says yes to the browser's question.
	Insecure bool
	// Sites is the SHA-256 of the public key of sites that this machine plays
	// under any name, in base64; third parties then store nothing. Chromium only.
	Sites string
	// Near is where on this machine it finds the names under rooms.example, which
	// lead people to the POP near them; empty: 127.0.0.1, where all others are.
	Near string
	Lang string // that the person reads, as ru; empty: English. Chromium only
	// Cameras is how many the browser simulates; 0: one. The second has pictures of
	// depth, which are shown and not always sent: take the third for another.
	Cameras int
	On      *networks // the computer it runs on; nil: this one. Chromium only
	Trusted string    // an origin without TLS that is as good as one with it
	// Throttled has the browser treat hidden pages as it treats those of people.
	Throttled bool
	// Shares is the title of the tab that the page gets when it asks for a
	// screen; empty: a simulated screen.
	Shares string
	// Scripts run in every document before its own, in this order: those of the
	// folder scripts, by name.
	Scripts []string
}

// driver is what a kind of browser does for a page.
type driver interface {
	navigate(ctx context.Context, url string) error
	// eval evaluates an expression to a string; a promise is awaited.
	eval(ctx context.Context, js string) (string, error)
	// click and enter use what a CSS selector finds, once it is there.
	click(ctx context.Context, selector string) error
	enter(ctx context.Context, selector, text string) error
	resize(ctx context.Context, width, height int) error
	shot(ctx context.Context) ([]byte, error)
	close()
}

// Page is one browser with one page.
type Page struct {
	Name string

	t     testing.TB
	drive driver
	shots string
}

// New starts a browser. It ends with the test.
func New(t testing.TB, name string, o Options) *Page {
	t.Helper()
	if o.Width == 0 {
		o.Width, o.Height = 1280, 720
	}
	start := startChromium
	if o.Firefox {
		start = startFirefox
	}
	drive, err := start(t.TempDir(), o)
	if err != nil {
		t.Fatalf("start browser %s: %v", name, err)
	}
	p := &Page{Name: name, t: t, drive: drive, shots: cluster.Artifacts(t)}
	t.Cleanup(drive.close)
	return p
}

// within is the page seen from a subtest, which fails in its place.
func (p *Page) within(t testing.TB) *Page { q := *p; q.t = t; return &q }

// installed finds a program by the names under which distributions install it.
func installed(names ...string) (string, error) {
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("no %s is installed; ./testbed/test installs one", names[0])
}

// actionTimeout bounds one step with a browser; a machine with two cores and
// three browsers is slow, never this slow.
const actionTimeout = 30 * time.Second

func (p *Page) do(action func(context.Context) error) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), actionTimeout)
	defer cancel()
	if err := action(ctx); err != nil {
		p.Shot("failed")
		p.t.Fatalf("browser %s: %v", p.Name, err)
	}
}

// Open goes to an address.
func (p *Page) Open(url string) {
	p.t.Helper()
	p.do(func(ctx context.Context) error { return p.drive.navigate(ctx, url) })
}

// Click clicks what a CSS selector finds, once it is visible.
func (p *Page) Click(selector string) {
	p.t.Helper()
	p.do(func(ctx context.Context) error { return p.drive.click(ctx, selector) })
}

// Type puts text into the field that a CSS selector finds.
func (p *Page) Type(selector, text string) {
	p.t.Helper()
	p.do(func(ctx context.Context) error { return p.drive.enter(ctx, selector, text) })
}

// Resize gives the page another viewport, in CSS pixels.
func (p *Page) Resize(width, height int) {
	p.t.Helper()
	p.do(func(ctx context.Context) error { return p.drive.resize(ctx, width, height) })
}

// Eval evaluates a JavaScript expression into a value; promises are awaited.
func Eval[T any](p *Page, js string) (value T, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), actionTimeout)
	defer cancel()
	text, err := p.drive.eval(ctx, "(async () => JSON.stringify(await ("+js+")) ?? 'null')()")
	if err != nil {
		return value, err
	}
	return value, json.Unmarshal([]byte(text), &value)
}

// State reads the page's diagnosis object.
func (p *Page) State() (State, error) {
	s, err := Eval[*State](p, `window.meridian?.state() ?? null`)
	if err != nil || s == nil {
		return State{}, fmt.Errorf("the page has no diagnosis object (yet): %w", err)
	}
	return *s, nil
}

// Until waits until the page's state fulfils a condition.
func (p *Page) Until(limit time.Duration, what string, ok func(State) error) State {
	p.t.Helper()
	var last State
	defer func() {
		if p.t.Failed() {
			p.Shot("failed")
		}
	}()
	cluster.Wait(p.t, limit, p.Name+": "+what, func() error {
		s, err := p.State()
		if err != nil {
			return err
		}
		last = s
		if err := ok(s); err != nil {
			return fmt.Errorf("%w (state %+v)", err, s)
		}
		return nil
	})
	return last
}

// Shot saves a screenshot among the test's artifacts.
func (p *Page) Shot(name string) {
	ctx, cancel := context.WithTimeout(context.Background(), actionTimeout)
	defer cancel()
	png, err := p.drive.shot(ctx)
	if err != nil {
		return
	}
	_ = os.WriteFile(filepath.Join(p.shots, p.Name+"-"+name+".png"), png, 0o644)
}
