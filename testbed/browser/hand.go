package browser

import (
	"context"
	"strconv"

	"github.com/chromedp/chromedp"
)

// webView is how the browser of another app on a phone calls itself.
const webView = "Mozilla/5.0 (Linux; Android 14; Pixel 8 Build/UD1A; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/140.0.0.0 Mobile Safari/537.36"

// call sends a command of the DevTools protocol; Chromium only.
func (p *Page) call(method string, params any) {
	p.t.Helper()
	c, ok := p.drive.(*chromium)
	if !ok {
		p.t.Fatalf("browser %s has no DevTools", p.Name)
	}
	p.do(func(ctx context.Context) error {
		_, err := run(ctx, c, func(ctx context.Context, t *chromedp.Target) (none chromedp.Void, err error) {
			return none, t.Call(ctx, method, params, nil)
		})
		return err
	})
}

type object = map[string]any

// tabKey goes to the next control.
func (p *Page) tabKey() {
	p.t.Helper()
	for _, kind := range []string{"keyDown", "keyUp"} {
		p.call("Input.dispatchKeyEvent", object{"type": kind, "key": "Tab", "code": "Tab", "windowsVirtualKeyCode": 9})
	}
}

// phone makes the page one of a phone, in an app's web view, with a finger.
func (p *Page) phone() {
	p.t.Helper()
	p.call("Emulation.setUserAgentOverride", object{"userAgent": webView, "platform": "Android"})
	p.call("Emulation.setDeviceMetricsOverride", object{"width": 390, "height": 844, "deviceScaleFactor": 3, "mobile": true})
	p.call("Emulation.setTouchEmulationEnabled", object{"enabled": true})
}

// touch puts a finger on the middle of what a selector finds.
func (p *Page) touch(selector string) {
	p.t.Helper()
	at, err := Eval[struct{ X, Y float64 }](p, `(b => ({X: b.x + b.width / 2, Y: b.y + b.height / 2}))(document.querySelector(`+strconv.Quote(selector)+`).getBoundingClientRect())`)
	if err != nil {
		p.t.Fatal(err)
	}
	p.call("Input.dispatchTouchEvent", object{"type": "touchStart", "touchPoints": []object{{"x": at.X, "y": at.Y}}})
	p.call("Input.dispatchTouchEvent", object{"type": "touchEnd", "touchPoints": []object{}})
}
