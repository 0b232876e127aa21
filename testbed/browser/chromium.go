package browser

import (
	"cmp"
	"context"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"

	"github.com/chromedp/chromedp"
)

// chromium is a Chromium with one page, driven by its DevTools protocol.
type chromium struct {
	ctx    context.Context
	cancel []context.CancelFunc
}

func startChromium(dir string, o Options) (driver, error) {
	path, err := installed("chromium", "chromium-browser", "google-chrome")
	if err != nil {
		return nil, err
	}
	flags := append(chromiumFlags(path, dir), chosenFlags(o)...)
	if o.On != nil {
		inside, err := o.On.program(dir, path)
		if err != nil {
			return nil, err
		}
		flags = append(flags, chromedp.ExecPath(inside)) // which hands on the pipes of DevTools
	}
	if o.Tone > 0 {
		wav := filepath.Join(dir, "tone.wav")
		if err := os.WriteFile(wav, tone(o.Tone), 0o600); err != nil {
			return nil, err
		}
		flags = append(flags, chromedp.Flag("use-file-for-fake-audio-capture", wav))
	}
	alloc, stop := chromedp.NewExecAllocator(context.Background(), flags...)
	ctx, cancel := chromedp.NewContext(alloc)
	c := &chromium{ctx: ctx, cancel: []context.CancelFunc{cancel, stop}}
	// The first run starts the browser, which lives as long as its context.
	if err := chromedp.Do(ctx, preparations(o)...); err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

// preparations are made before the first page. A window has borders and a least
// size; the viewport is what a frame has.
func preparations(o Options) []chromedp.Action[chromedp.Void] {
	steps := []chromedp.Action[chromedp.Void]{chromedp.Navigate("about:blank"), chromedp.EmulateViewport(int64(o.Width), int64(o.Height))}
	if o.Shares != "" {
		steps = append(steps, consent)
	}
	for _, js := range o.Scripts {
		steps = append(steps, before(js))
	}
	return steps
}

func chromiumFlags(path, dir string) []chromedp.ExecAllocatorOption {
	return []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(path), chromedp.UserDataDir(filepath.Join(dir, "profile")),
		chromedp.NoFirstRun, chromedp.NoSandbox, chromedp.DisableGPU, chromedp.Headless,
		chromedp.Flag("disable-dev-shm-usage", true), chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true),
		// Two pages in each window for suggestions under an address bar that nobody
		// sees took half the processor time of a start.
		chromedp.Flag("disable-features", "PreloadTopChromeWebUI,WebUIOmniboxPopup,WebUIOmniboxAimPopup,WebUIOmniboxFullPopup"),
		chromedp.Flag("disable-sync", true), chromedp.Flag("mute-audio", true),
		chromedp.Flag("use-fake-ui-for-media-stream", true), chromedp.Flag("use-fake-device-for-media-stream", "fps=8"),
		chromedp.Flag("autoplay-policy", "no-user-gesture-required"),
		chromedp.Flag("allow-loopback-in-peer-connection", true),
		chromedp.Flag("disable-renderer-backgrounding", true), chromedp.Flag("disable-backgrounding-occluded-windows", true),
	}
}

func chosenFlags(o Options) (flags []chromedp.ExecAllocatorOption) {
	if o.Insecure {
		flags = append(flags, chromedp.IgnoreCertErrors)
	}
	if o.Sites != "" {
		flags = append(flags, chromedp.Flag("ignore-certificate-errors-spki-list", o.Sites),
			chromedp.Flag("host-resolver-rules", "MAP *.rooms.example "+cmp.Or(o.Near, "127.0.0.1")+", MAP * 127.0.0.1"), chromedp.Flag("test-third-party-cookie-phaseout", true))
	}
	if o.Lang != "" {
		flags = append(flags, chromedp.Flag("accept-lang", o.Lang))
	}
	if o.Throttled {
		flags = append(flags, chromedp.Flag("disable-renderer-backgrounding", false), chromedp.Flag("disable-backgrounding-occluded-windows", false),
			chromedp.Flag("enable-features", "IntensiveWakeUpThrottling:grace_period_seconds/5"))
	}
	if o.Trusted != "" {
		flags = append(flags, chromedp.Flag("unsafely-treat-insecure-origin-as-secure", o.Trusted))
	}
	if o.Dark {
		flags = append(flags, chromedp.Flag("force-dark-mode", true), chromedp.Flag("blink-settings", "preferredColorScheme=0"))
	}
	if o.Cameras > 1 {
		flags = append(flags, chromedp.Flag("use-fake-device-for-media-stream", fmt.Sprintf("fps=8,device-count=%d", o.Cameras)))
	}
	if o.Shares != "" {
		flags = append(flags, sharing(o.Shares)...)
	}
	return flags
}

// sharing has the page share the tab with a title when it asks for a screen.
// The simulated consent to cameras would bring a simulated screen, so it goes.
func sharing(title string) []chromedp.ExecAllocatorOption {
	return []chromedp.ExecAllocatorOption{
		chromedp.Flag("use-fake-ui-for-media-stream", false),
		chromedp.Flag("auto-select-tab-capture-source-by-title", title),
		// What is captured has the size of the window, not of the emulated
		// viewport, and at most that of the screen, 800 × 600 without these.
		chromedp.Flag("screen-info", "{1600x1200}"), chromedp.Flag("window-size", "1280,900"),
		chromedp.Flag("mute-audio", false), // or the tab is captured without its sound
	}
}

// tab opens a document in a tab beside the page.
func (c *chromium) tab(html string) error {
	ctx, cancel := chromedp.NewContext(c.ctx)
	c.cancel = append([]context.CancelFunc{cancel}, c.cancel...)
	document := "data:text/html;base64," + base64.StdEncoding.EncodeToString([]byte(html))
	return chromedp.Do(ctx, chromedp.Navigate(document))
}

func (c *chromium) close() {
	for _, cancel := range c.cancel {
		cancel()
	}
}

// consent lets pages use camera and microphone without a question.
func consent(ctx context.Context, t *chromedp.Target) (none chromedp.Void, err error) {
	permissions := map[string][]string{"permissions": {"audioCapture", "videoCapture"}}
	return none, t.Call(ctx, "Browser.grantPermissions", permissions, nil)
}

// before has every document of the page run a script ahead of its own.
func before(js string) chromedp.Action[chromedp.Void] {
	return func(ctx context.Context, t *chromedp.Target) (none chromedp.Void, err error) {
		return none, t.Call(ctx, "Page.addScriptToEvaluateOnNewDocument", map[string]string{"source": js}, nil)
	}
}

// run does an action of the browser's context until ctx ends.
func run[T any](ctx context.Context, c *chromium, a chromedp.Action[T]) (T, error) {
	within, cancel := context.WithCancel(c.ctx)
	defer cancel()
	defer context.AfterFunc(ctx, cancel)()
	return chromedp.Run(within, a)
}

func (c *chromium) navigate(ctx context.Context, url string) error {
	_, err := run(ctx, c, chromedp.Navigate(url))
	return err
}

func (c *chromium) eval(ctx context.Context, js string) (string, error) {
	return run(ctx, c, chromedp.Evaluate[string](js, chromedp.EvalAwaitPromise))
}

func (c *chromium) click(ctx context.Context, selector string) error {
	_, err := run(ctx, c, chromedp.Click(chromedp.CSS(selector)))
	return err
}

func (c *chromium) enter(ctx context.Context, selector, text string) error {
	_, err := run(ctx, c, chromedp.SendKeys(chromedp.CSS(selector), text))
	return err
}

func (c *chromium) resize(ctx context.Context, width, height int) error {
	_, err := run(ctx, c, chromedp.EmulateViewport(int64(width), int64(height)))
	return err
}

func (c *chromium) shot(ctx context.Context) ([]byte, error) {
	return run(ctx, c, chromedp.CaptureScreenshot())
}

// scheme emulates the reader's preferred colours, and a wish for no movement: pictures then show how things end.
func (c *chromium) scheme(ctx context.Context, dark bool) error {
	value := "light"
	if dark {
		value = "dark"
	}
	_, err := run(ctx, c, func(ctx context.Context, t *chromedp.Target) (none chromedp.Void, err error) {
		features := map[string]any{"features": []map[string]string{
			{"name": "prefers-color-scheme", "value": value}, {"name": "prefers-reduced-motion", "value": "reduce"},
		}}
		return none, t.Call(ctx, "Emulation.setEmulatedMedia", features, nil)
	})
	return err
}
