package tenant

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/meridian-video/meridian/control/notify"
	"github.com/meridian-video/meridian/control/notify/event"
	"github.com/meridian-video/meridian/control/state"
)

func jsonOf(v any) (json.RawMessage, error) { return json.Marshal(v) }

// directory is one over the office's state.
func (o *office) directory() *Directory {
	return &Directory{View: o.View, Seal: o.Seal, Propose: o.Propose, Now: o.Now}
}

// hook makes a native webhook whose key is a text.
func (o *office) hook(id, key string) {
	o.Helper()
	c := state.Add(state.KindWebhook, id, "acme", state.WebhookSpec{URL: "https://" + id + ".acme.example/", Events: []string{"session.opened"}})
	secret, err := jsonOf(map[string]any{
		"signing": o.Seal.Seal([]byte(key), string(state.KindWebhook), id, "signing"), "auth": o.Seal.Seal([]byte("Bearer x"), string(state.KindWebhook), id, "auth"),
	})
	if err != nil {
		o.Fatal(err)
	}
	c.Secret = secret
	o.do(c)
}

func TestTheDirectoryHasNativeWebhooksOfTheirCompany(t *testing.T) {
	o := newOffice(t)
	o.hook("w1", "first")
	o.do(state.Add(state.KindWebhook, "ask", "acme", state.WebhookSpec{URL: "https://ask.acme.example/", Kind: state.WebhookAccess}))
	o.do(state.Add(state.KindCompany, "other", "", state.CompanySpec{Name: "Other"}))
	d := o.directory()
	all, err := d.Endpoints("acme")
	if err != nil || len(all) != 1 || all[0].ID != "w1" || !slices.Equal(all[0].Events, []event.Type{"session.opened"}) {
		t.Errorf("%+v, %v", all, err)
	}
	e, err := d.Endpoint("acme", "w1")
	if err != nil || len(e.Keys) != 1 || string(e.Keys[0]) != "first" || e.Authorization != "Bearer x" || e.URL != "https://w1.acme.example/" {
		t.Errorf("%+v, %v", e, err)
	}
	for _, absent := range [][2]string{{"acme", "none"}, {"acme", "ask"}, {"other", "w1"}} {
		if _, err := d.Endpoint(absent[0], absent[1]); !errors.Is(err, notify.ErrNoEndpoint) {
			t.Errorf("%v: %v", absent, err)
		}
	}
}

func TestBothKeysSignDuringARotation(t *testing.T) {
	o := newOffice(t)
	o.hook("w1", "first")
	rotate := func(key string, overlap time.Duration) {
		sealed := o.Seal.Seal([]byte(key), string(state.KindWebhook), "w1", "signing")
		o.do(&state.RotateWebhook{Company: "acme", ID: "w1", Signing: sealed, OverlapEnds: o.now.Add(overlap)})
	}
	keys := func() (out []string) {
		e, err := o.directory().Endpoint("acme", "w1")
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range e.Keys {
			out = append(out, string(k[:]))
		}
		return out
	}
	rotate("second", time.Hour)
	if got := keys(); !slices.Equal(got, []string{"second", "first"}) {
		t.Errorf("in the overlap %q", got)
	}
	rotate("third", time.Hour)
	if got := keys(); !slices.Equal(got, []string{"third", "second"}) {
		t.Errorf("after two rotations %q", got)
	}
	o.now = o.now.Add(2 * time.Hour)
	if got := keys(); !slices.Equal(got, []string{"third"}) {
		t.Errorf("after the overlap %q", got)
	}
	rotate("fourth", -time.Second)
	if got := keys(); !slices.Equal(got, []string{"fourth"}) {
		t.Errorf("a leaked key signs: %q", got)
	}
}

func TestAForeignSealIsNoKey(t *testing.T) {
	o := newOffice(t)
	o.hook("w1", "first")
	w, _ := state.Get[state.Webhook](o.View(), "w1")
	moved := state.Add(state.KindWebhook, "w2", "acme", state.WebhookSpec{URL: "https://w2.acme.example/"})
	var err error
	if moved.Secret, err = jsonOf(w.Secret); err != nil {
		t.Fatal(err)
	}
	o.do(moved)
	if e, err := o.directory().Endpoint("acme", "w2"); err == nil || errors.Is(err, notify.ErrNoEndpoint) {
		t.Errorf("%+v, %v", e, err)
	}
}

func TestAnEndpointThatIsGoneIsDisabledOnce(t *testing.T) {
	o := newOffice(t)
	o.hook("w1", "first")
	d := o.directory()
	if err := d.Disable(t.Context(), "acme", "w1", "it answered 410 Gone"); err != nil {
		t.Fatal(err)
	}
	if e, err := d.Endpoint("acme", "w1"); err != nil || e.Disabled != "it answered 410 Gone" {
		t.Errorf("%+v, %v", e, err)
	}
	if err := d.Disable(t.Context(), "acme", "none", "x"); err != nil {
		t.Errorf("one that was deleted: %v", err)
	}
	trouble := errors.New("no leader")
	d.Propose = func(context.Context, state.Command) error { return trouble }
	if err := d.Disable(t.Context(), "acme", "w1", "x"); !errors.Is(err, trouble) {
		t.Errorf("without a leader: %v", err)
	}
}
