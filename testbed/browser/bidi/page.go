package bidi

import (
	"context"
	"errors"
	"fmt"
)

// Page is one tab.
type Page struct {
	session *Session
	context string
}

// First returns the tab that the browser started with.
func (s *Session) First(ctx context.Context) (*Page, error) {
	var tree struct {
		Contexts []struct{ Context string }
	}
	if err := s.Call(ctx, "browsingContext.getTree", map[string]any{"maxDepth": 0}, &tree); err != nil {
		return nil, err
	}
	if len(tree.Contexts) == 0 {
		return nil, errors.New("the browser has no tab")
	}
	return &Page{session: s, context: tree.Contexts[0].Context}, nil
}

// Resize sets the viewport, in CSS pixels.
func (p *Page) Resize(ctx context.Context, width, height int) error {
	viewport := map[string]any{"width": width, "height": height}
	return p.session.Call(ctx, "browsingContext.setViewport", map[string]any{"context": p.context, "viewport": viewport}, nil)
}

// Navigate goes to an address and returns when its page has loaded.
func (p *Page) Navigate(ctx context.Context, url string) error {
	return p.session.Call(ctx, "browsingContext.navigate", map[string]any{"context": p.context, "url": url, "wait": "complete"}, nil)
}

// Eval evaluates an expression to a string, as if a person had just touched
// the page; a promise is awaited.
func (p *Page) Eval(ctx context.Context, expression string) (string, error) {
	var out struct {
		Type   string
		Result struct {
			Type  string
			Value any
		}
		ExceptionDetails struct{ Text string }
	}
	err := p.session.Call(ctx, "script.evaluate", map[string]any{
		"expression": expression, "target": map[string]any{"context": p.context},
		"awaitPromise": true, "userActivation": true,
	}, &out)
	if err != nil {
		return "", err
	}
	if out.Type != "success" {
		return "", fmt.Errorf("script: %s", out.ExceptionDetails.Text)
	}
	text, ok := out.Result.Value.(string)
	if !ok {
		return "", fmt.Errorf("the script gave %s, want a string", out.Result.Type)
	}
	return text, nil
}

// Screenshot returns what the viewport shows, as PNG.
func (p *Page) Screenshot(ctx context.Context) ([]byte, error) {
	var out struct{ Data []byte } // base64 in JSON, as Go reads bytes
	err := p.session.Call(ctx, "browsingContext.captureScreenshot", map[string]any{"context": p.context}, &out)
	return out.Data, err
}
