package state

import (
	"testing"
	"time"
)

// hooked has the company a with a webhook w of a kind.
func hooked(t *testing.T, kind string) *feedState {
	f := newFeed(t)
	f.must(company("a", "A"))
	c := Add(KindWebhook, "w", "a", WebhookSpec{URL: "https://hooks.example/", Kind: kind})
	c.Secret = []byte(`{"signing":"b25l"}`)
	f.must(c)
	return f
}

func (f *feedState) keys(at time.Time) (out []string) {
	w, _ := Get[Webhook](f.s.View(), "w")
	for _, k := range w.SigningKeys(at) {
		out = append(out, string(k))
	}
	return out
}

func TestAWebhookHasTwoKeysUntilTheOverlapEnds(t *testing.T) {
	f := hooked(t, WebhookNative)
	before := f.s.View()
	ends := t0.Add(time.Hour)
	f.must(&RotateWebhook{Company: "a", ID: "w", Signing: []byte("two"), OverlapEnds: ends})
	if got := f.keys(ends.Add(-time.Millisecond)); len(got) != 2 || got[0] != "two" || got[1] != "one" {
		t.Errorf("in the overlap %q", got)
	}
	if got := f.keys(ends); len(got) != 1 || got[0] != "two" {
		t.Errorf("at its end %q", got)
	}
	if w, _ := Get[Webhook](before, "w"); string(w.Secret.Signing) != "one" || w.Secret.Previous != nil {
		t.Errorf("an older view changed: %+v", w.Secret)
	}
	f.must(&RotateWebhook{Company: "a", ID: "w", Signing: []byte("three"), OverlapEnds: t0})
	if got := f.keys(t0); len(got) != 1 || got[0] != "three" {
		t.Errorf("without an overlap %q", got)
	}
	f.refused(CodeInvalid, "signing", &RotateWebhook{Company: "a", ID: "w", OverlapEnds: ends})
	f.refused(CodeNotFound, "", &RotateWebhook{Company: "b", ID: "w", Signing: []byte("x"), OverlapEnds: ends})
}

func TestOnlyNativeWebhooksHaveKeys(t *testing.T) {
	f := hooked(t, WebhookJoin)
	f.refused(CodeConflict, "kind", &RotateWebhook{Company: "a", ID: "w", Signing: []byte("x"), OverlapEnds: t0.Add(time.Hour)})
}

func TestADisabledWebhookIsEnabledOnce(t *testing.T) {
	f := hooked(t, WebhookNative)
	f.must(&DisableWebhook{Company: "a", ID: "w", Reason: "gone"})
	f.must(&EnableWebhook{Company: "a", ID: "w"})
	w, _ := Get[Webhook](f.s.View(), "w")
	f.must(&EnableWebhook{Company: "a", ID: "w"})
	again, _ := Get[Webhook](f.s.View(), "w")
	if w.Disabled != "" || again.Version != w.Version {
		t.Errorf("%q, versions %d and %d", w.Disabled, w.Version, again.Version)
	}
}

func TestTemplatesAreOnePerLetterAndLanguage(t *testing.T) {
	f := newFeed(t)
	f.must(company("a", "A"))
	f.must(company("b", "B"))
	text := TemplateSpec{Letter: "welcome", Language: "de", Text: "x"}
	f.must(Add(KindTemplate, "t1", "a", text))
	f.must(Add(KindTemplate, "t2", "b", text))
	f.refused(CodeConflict, "letter", Add(KindTemplate, "t3", "a", text))
	f.refused(CodeInvalid, "letter", Set(KindTemplate, "t1", "a", map[string]string{"language": "fr"}))
	f.refused(CodeInvalid, "letter", Add(KindTemplate, "t4", "a", TemplateSpec{Letter: "bill", Language: "de", Text: "x"}))
	f.refused(CodeInvalid, "language", Add(KindTemplate, "t4", "a", TemplateSpec{Letter: "update", Language: "de-AT", Text: "x"}))
	f.refused(CodeInvalid, "text", Add(KindTemplate, "t4", "a", TemplateSpec{Letter: "update", Language: "de"}))
	f.must(&Delete{Kind: KindCompany, ID: "a"})
	if _, ok := Get[Template](f.s.View(), "t1"); ok {
		t.Error("a template outlives its company")
	}
}
