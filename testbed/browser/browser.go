// Package browser drives real headless Chromium for journeys of participants:
// it opens the meeting page with a synthetic camera and a tone as microphone,
// reads the page's diagnosis object, listens, and takes screenshots.
//
// Browsers are the ones installed on the machine; testbed/test installs them.
package browser

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/meridian-video/meridian/testbed/cluster"
)

// Options say how a browser starts.
type Options struct {
	Tone   float64 // Hz of the tone in the microphone; 0: Chromium's own beep
	Width  int     // of the viewport; 0: 1280
	Height int     // 0: 720
	Dark   bool
	// Insecure takes certificates that nobody vouches for, as a person does who
	// says yes to the browser's question.
	Insecure bool
}

// Page is one Chromium with one page.
type Page struct {
	Name string

	t      testing.TB
	ctx    context.Context
	cancel []context.CancelFunc
	shots  string
}

// executables are the names under which distributions install Chromium.
var executables = []string{"chromium", "chromium-browser", "google-chrome"}

// New starts a Chromium. It ends with the test.
func New(t testing.TB, name string, o Options) *Page {
	t.Helper()
	path := ""
	for _, e := range executables {
		if p, err := exec.LookPath(e); err == nil {
			path = p
			break
		}
	}
	if path == "" {
		t.Fatal("no Chromium is installed; ./testbed/test installs one")
	}
	dir := t.TempDir()
	flags := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(path), chromedp.UserDataDir(filepath.Join(dir, "profile")),
		chromedp.NoFirstRun, chromedp.NoSandbox, chromedp.DisableGPU, chromedp.Headless,
		chromedp.Flag("disable-dev-shm-usage", true), chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true), chromedp.Flag("mute-audio", true),
		chromedp.Flag("use-fake-ui-for-media-stream", true), chromedp.Flag("use-fake-device-for-media-stream", "fps=8"),
		chromedp.Flag("autoplay-policy", "no-user-gesture-required"),
		chromedp.Flag("allow-loopback-in-peer-connection", true),
		chromedp.Flag("disable-renderer-backgrounding", true), chromedp.Flag("disable-backgrounding-occluded-windows", true),
	}
	if o.Tone > 0 {
		wav := filepath.Join(dir, "tone.wav")
		if err := os.WriteFile(wav, tone(o.Tone), 0o600); err != nil {
			t.Fatal(err)
		}
		flags = append(flags, chromedp.Flag("use-file-for-fake-audio-capture", wav))
	}
	if o.Insecure {
		flags = append(flags, chromedp.IgnoreCertErrors)
	}
	if o.Dark {
		flags = append(flags, chromedp.Flag("force-dark-mode", true), chromedp.Flag("blink-settings", "preferredColorScheme=0"))
	}
	p := &Page{Name: name, t: t, shots: cluster.Artifacts(t)}
	alloc, stop := chromedp.NewExecAllocator(context.Background(), flags...)
	ctx, cancel := chromedp.NewContext(alloc)
	p.ctx, p.cancel = ctx, []context.CancelFunc{cancel, stop}
	t.Cleanup(p.Close)
	// The first run starts the browser, which lives as long as its context. A
	// window has borders and a least size; the viewport is what a frame has.
	viewport := chromedp.EmulateViewport(int64(orElse(o.Width, 1280)), int64(orElse(o.Height, 720)))
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank"), viewport); err != nil {
		t.Fatalf("start browser %s: %v", name, err)
	}
	return p
}

func orElse(n, otherwise int) int {
	if n == 0 {
		return otherwise
	}
	return n
}

// Close ends the browser.
func (p *Page) Close() {
	for _, c := range p.cancel {
		c()
	}
}

// actionTimeout bounds one step with a browser; a machine with two cores and
// three browsers is slow, never this slow.
const actionTimeout = 30 * time.Second

func (p *Page) do(a chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, actionTimeout)
	defer cancel()
	if _, err := chromedp.Run(ctx, a); err != nil {
		p.Shot("failed")
		p.t.Fatalf("browser %s: %v", p.Name, err)
	}
}

// Open goes to an address.
func (p *Page) Open(url string) { p.t.Helper(); p.do(chromedp.Navigate(url)) }

// Click clicks what a CSS selector finds, once it is visible.
func (p *Page) Click(selector string) { p.t.Helper(); p.do(chromedp.Click(chromedp.CSS(selector))) }

// Type puts text into the field that a CSS selector finds.
func (p *Page) Type(selector, text string) {
	p.t.Helper()
	p.do(chromedp.SendKeys(chromedp.CSS(selector), text))
}

// Eval evaluates JavaScript into a value; promises are awaited.
func Eval[T any](p *Page, js string) (T, error) {
	ctx, cancel := context.WithTimeout(p.ctx, actionTimeout)
	defer cancel()
	return chromedp.Run(ctx, chromedp.Evaluate[T](js, chromedp.EvalAwaitPromise))
}

// State reads the page's diagnosis object.
func (p *Page) State() (State, error) {
	var s State
	text, err := Eval[string](p, `window.meridian ? JSON.stringify(window.meridian.state()) : ""`)
	if err != nil || text == "" {
		return s, fmt.Errorf("the page has no diagnosis object (yet): %w", err)
	}
	return s, json.Unmarshal([]byte(text), &s)
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
	ctx, cancel := context.WithTimeout(p.ctx, actionTimeout)
	defer cancel()
	png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		return
	}
	_ = os.WriteFile(filepath.Join(p.shots, p.Name+"-"+name+".png"), png, 0o644)
}

// Loudest returns the frequency, in Hz, that is loudest in all audio the page
// plays, with its level in dB.
func (p *Page) Loudest() (hz, db float64, err error) {
	spectrum, err := p.Spectrum()
	if err != nil {
		return 0, 0, err
	}
	db = math.Inf(-1)
	for _, b := range spectrum {
		if b.Level > db {
			hz, db = b.Hz, b.Level
		}
	}
	return hz, db, nil
}

// Band is one line of a spectrum.
type Band struct{ Hz, Level float64 }

// Spectrum analyses half a second of what the page's audio elements play.
func (p *Page) Spectrum() ([]Band, error) {
	text, err := Eval[string](p, `(async () => {
		const c = window.__ears ??= new AudioContext({sampleRate: 48000});
		await c.resume();
		const a = c.createAnalyser();
		a.fftSize = 8192; a.smoothingTimeConstant = 0.6;
		const sources = [];
		for (const e of document.querySelectorAll('audio,video')) {
			const s = e.srcObject;
			if (!s || e.muted || !s.getAudioTracks().length) continue;
			const n = c.createMediaStreamSource(s); n.connect(a); sources.push(n);
		}
		for (let i = 0; i < 5; i++) { await new Promise(r => setTimeout(r, 100)); a.getFloatFrequencyData(new Float32Array(a.frequencyBinCount)); }
		const f = new Float32Array(a.frequencyBinCount);
		a.getFloatFrequencyData(f);
		sources.forEach(n => n.disconnect());
		return JSON.stringify([...f].map((l, i) => ({Hz: i * 48000 / 8192, Level: isFinite(l) ? l : -200})));
	})()`)
	if err != nil {
		return nil, err
	}
	var out []Band
	return out, json.Unmarshal([]byte(text), &out)
}

// Hears waits until a tone of the frequency stands out of the page's sound.
func (p *Page) Hears(limit time.Duration, hz float64) {
	p.t.Helper()
	cluster.Wait(p.t, limit, fmt.Sprintf("%s hears %.0f Hz", p.Name, hz), func() error {
		spectrum, err := p.Spectrum()
		if err != nil {
			return err
		}
		peak, floor, n := math.Inf(-1), 0.0, 0
		for _, b := range spectrum {
			switch {
			case math.Abs(b.Hz-hz) < 15:
				peak = max(peak, b.Level)
			case math.Abs(b.Hz-hz) > 60 && math.Abs(b.Hz-hz) < 120:
				floor += b.Level
				n++
			}
		}
		floor /= float64(max(n, 1))
		if peak < -70 || peak-floor < 15 {
			return fmt.Errorf("%.0f dB there, %.0f dB around", peak, floor)
		}
		return nil
	})
}

// tone is ten seconds of a sine of 48 kHz, 16 bit, mono, as a WAV file.
func tone(hz float64) []byte {
	const rate, seconds = 48000, 10
	data := make([]byte, 0, rate*seconds*2)
	for i := range rate * seconds {
		v := int16(math.Sin(2*math.Pi*hz*float64(i)/rate) * 12000)
		data = binary.LittleEndian.AppendUint16(data, uint16(v))
	}
	h := []byte("RIFF")
	h = binary.LittleEndian.AppendUint32(h, uint32(36+len(data)))
	h = append(h, "WAVEfmt "...)
	h = binary.LittleEndian.AppendUint32(h, 16)
	h = binary.LittleEndian.AppendUint16(h, 1)
	h = binary.LittleEndian.AppendUint16(h, 1)
	h = binary.LittleEndian.AppendUint32(h, rate)
	h = binary.LittleEndian.AppendUint32(h, rate*2)
	h = binary.LittleEndian.AppendUint16(h, 2)
	h = binary.LittleEndian.AppendUint16(h, 16)
	h = append(h, "data"...)
	h = binary.LittleEndian.AppendUint32(h, uint32(len(data)))
	return append(h, data...)
}
