package sms

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"text/template"
	"time"
)

var (
	// ErrRefused is returned when the gateway will never take a message.
	ErrRefused = errors.New("refused for good")
	// ErrNumber is returned when a number is none: + and 5 to 15 digits (E.164).
	ErrNumber = errors.New("not a telephone number")
)

// Message is an SMS.
type Message struct {
	ID   string `json:"id"` // the same in every attempt, for gateways that know repetitions
	To   string `json:"to"` // E.164
	Text string `json:"text"`
}

// Gateway is the operator's. URL and body are templates with {{.To}}, {{.Text}}, {{.ID}}, {{.From}} and the
// functions json (a quoted string) and query (escaped for a form or a URL).
type Gateway struct {
	URL           string
	Method        string // POST or GET
	ContentType   string // of the body
	Body          string // {"to":{{json .To}},"text":{{json .Text}}}
	Authorization string // header; "" is none
	From          string // sender's name or number
}

// Limits of a call.
const (
	timeout   = 20 * time.Second
	maxAnswer = 4 << 10
)

// Client calls gateways. The operator chose the URL, so that it may be on an intranet; redirects are not followed.
var client = &http.Client{
	Timeout:       timeout,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

var functions = template.FuncMap{
	"query": url.QueryEscape,
	"json": func(s string) (string, error) {
		text, err := json.Marshal(s)
		return string(text), err
	},
}

// Validate says everything that is wrong, by writing a message for nobody.
func (g Gateway) Validate() error {
	var errs []error
	if g.Method != http.MethodPost && g.Method != http.MethodGet {
		errs = append(errs, errors.New("method is neither POST nor GET"))
	}
	request, err := g.request(context.Background(), Message{ID: "1", To: "+12025550123", Text: "\"text\" & more\n"})
	if err != nil {
		return errors.Join(append(errs, err)...)
	}
	if s := request.URL.Scheme; s != "https" && s != "http" || request.URL.Host == "" {
		errs = append(errs, errors.New("url is not of http or https"))
	}
	if strings.Contains(g.ContentType, "json") {
		if body, err := io.ReadAll(request.Body); err != nil || !json.Valid(body) {
			errs = append(errs, errors.New("body is not JSON: write values by json, such as {{json .Text}}"))
		}
	}
	return errors.Join(errs...)
}

// Send makes one attempt and returns the status, 0 when there was no answer. ErrRefused and ErrNumber mean that
// another is of no use.
func (g Gateway) Send(ctx context.Context, m Message) (status int, err error) {
	if !IsNumber(m.To) {
		return 0, ErrNumber
	}
	request, err := g.request(ctx, m)
	if err != nil {
		return 0, fmt.Errorf("sms: %w", err)
	}
	answer, err := client.Do(request)
	if err != nil {
		if e, ok := errors.AsType[*url.Error](err); ok {
			err = e.Err // without the URL, which may hold a secret and the text
		}
		return 0, fmt.Errorf("sms: %w", err)
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, maxAnswer))
	_ = answer.Body.Close()
	return answer.StatusCode, judge(answer.StatusCode)
}

func judge(status int) error {
	switch {
	case 200 <= status && status < 300:
		return nil
	case status == http.StatusBadRequest, status == http.StatusRequestEntityTooLarge, status == http.StatusUnprocessableEntity:
		return fmt.Errorf("sms: %w: %s", ErrRefused, http.StatusText(status))
	}
	return fmt.Errorf("sms: the gateway answers %d %s", status, http.StatusText(status))
}

func (g Gateway) request(ctx context.Context, m Message) (*http.Request, error) {
	values := struct {
		Message
		From string
	}{m, g.From}
	target, err := fill("url", g.URL, values)
	if err != nil {
		return nil, err
	}
	body, err := fill("body", g.Body, values)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, g.Method, target, bytes.NewReader([]byte(body)))
	if err != nil {
		return nil, errors.New("url or method is none")
	}
	if g.ContentType != "" {
		request.Header.Set("Content-Type", g.ContentType)
	}
	if g.Authorization != "" {
		request.Header.Set("Authorization", g.Authorization)
	}
	return request, nil
}

func fill(name, source string, values any) (string, error) {
	t, err := template.New(name).Funcs(functions).Parse(source)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	err = t.Execute(&b, values)
	return b.String(), err
}

// IsNumber says whether s is a number as gateways take them.
func IsNumber(s string) bool {
	digits, ok := strings.CutPrefix(s, "+")
	return ok && len(digits) >= 5 && len(digits) <= 15 && strings.Trim(digits, "0123456789") == "" && digits[0] != '0'
}
