package browser

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/meridian-video/meridian/testbed/cluster"
)

// inside waits for the frame of another site in the page, and is that frame:
// its own state can be read and its buttons pressed. Chromium only.
func (p *Page) inside() *Page {
	p.t.Helper()
	outer, ok := p.drive.(*chromium)
	if !ok {
		p.t.Fatal("frames are looked into in Chromium alone")
	}
	q := *p
	cluster.Wait(p.t, startTimeout, p.Name+": there is a frame", func() error {
		inner, err := outer.frame()
		if err != nil {
			return err
		}
		q.drive = inner
		_, err = q.State()
		return err
	})
	return &q
}

// frame attaches to the first document that runs in a process of its own.
func (c *chromium) frame() (*chromium, error) {
	list, err := chromedp.Targets(c.ctx)
	if err != nil {
		return nil, err
	}
	for _, t := range list {
		if t.Type != "iframe" || strings.HasPrefix(t.URL, "about:") {
			continue
		}
		ctx, cancel := chromedp.NewContext(c.ctx, chromedp.WithTargetID(t.TargetID))
		c.cancel = append([]context.CancelFunc{cancel}, c.cancel...)
		// The first run attaches, for as long as its context lives.
		_, err := chromedp.Run(ctx, chromedp.Evaluate[string](`""`))
		return &chromium{ctx: ctx}, err
	}
	return nil, errors.New("there is no frame of another site")
}

// tap presses a button in a frame as a person would: what it starts counts as
// asked for.
func (p *Page) tap(selector string) {
	p.t.Helper()
	p.do(func(ctx context.Context) error {
		c := p.drive.(*chromium)
		js := fmt.Sprintf(`(() => { const b = document.querySelector(%q); b?.click(); return b ? "" : "nothing to press" })()`, selector)
		said, err := run(ctx, c, chromedp.Evaluate[string](js, byHand))
		if err == nil && said != "" {
			err = errors.New(said + ": " + selector)
		}
		return err
	})
}

// byHand has an evaluation count as a person's doing.
func byHand(p *runtime.EvaluateParams) {
	yes := true
	p.UserGesture = &yes
}
