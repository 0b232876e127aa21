package edge

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/meridian-video/meridian/control/client"
	"github.com/meridian-video/meridian/control/entry"
	"github.com/meridian-video/meridian/edge/signal"
)

// words are the secrets of every room, and how often they were compared.
type words struct {
	password, pin string
	err           error
	compared      int
}

func (w *words) Password(_ context.Context, _ client.Room, typed string) (bool, error) {
	w.compared++
	return typed == w.password, w.err
}

func (w *words) PIN(_ client.Room, typed string) bool {
	w.compared++
	return typed == w.pin
}

var (
	here  = netip.MustParseAddr("192.0.2.1")
	there = netip.MustParseAddr("198.51.100.1")
)

// before is the decision about a guest with nothing typed.
func before(change ...func(*entry.Input)) considered {
	in := entry.Input{
		Source: entry.Native, Company: &entry.Company{ID: "acme"}, Room: &entry.Room{ID: "demo", PasswordRequired: true, HasPIN: true},
		URL: entry.Attributes{entry.RoomID: "demo"}, Now: time.Now(),
	}
	for _, c := range change {
		c(&in)
	}
	d := considered{input: in}
	d.Admission, d.err = entry.Decide(in)
	return d
}

// tries what somebody types and gives the code of the refusal; "" is in.
func (n *lone) types(d considered, t typed) (word string, after considered) {
	n.t.Helper()
	if err := n.compare(n.t.Context(), &d, visit{source: d.input.Source, secrets: t}); err != nil {
		return string(code(err)), d
	}
	if r, ok := errors.AsType[*entry.Refusal](d.err); ok {
		return r.Code, d
	}
	return "", d
}

func lockedNode(t *testing.T) (*lone, *words) {
	w := &words{password: "tulip", pin: "470815"}
	return startLone(t, func(c *Config) { c.Secrets = w }), w
}

func TestWhatIsTypedDecides(t *testing.T) {
	n, w := lockedNode(t)
	open := func(in *entry.Input) { in.Room.PasswordRequired = false }
	moderator := func(in *entry.Input) {
		in.Token = &entry.Claims{Proof: entry.Join, Company: "acme", Room: "demo", Role: "moderator"}
	}
	for i, c := range []struct {
		name     string
		change   func(*entry.Input)
		typed    typed
		want     string
		compared int
		role     entry.ParticipantRole
	}{
		{"nothing", nil, typed{}, "wrong_password", 0, ""},
		{"the password", nil, typed{password: "tulip"}, "", 1, entry.Regular},
		{"another", nil, typed{password: "lily"}, "wrong_password", 1, ""},
		{"the password where none is asked", open, typed{password: "lily"}, "", 0, entry.Regular},
		{"the PIN", open, typed{pin: "470815"}, "", 1, entry.Moderator},
		{"another PIN", open, typed{pin: "1"}, "wrong_password", 1, ""},
		{"the PIN alone where a password is asked", nil, typed{pin: "470815"}, "wrong_password", 1, ""},
		{"both", nil, typed{password: "tulip", pin: "470815"}, "", 2, entry.Moderator},
		{"a wrong PIN with the password", nil, typed{password: "tulip", pin: "1"}, "wrong_password", 1, ""},
		{"a moderator, who is not asked", moderator, typed{password: "lily"}, "", 0, entry.Moderator},
		{"somebody whom nothing helps", func(in *entry.Input) { in.Room.Deleted = true }, typed{password: "tulip"}, "not_found", 0, ""},
		{"a PIN elsewhere", func(in *entry.Input) { in.Source = entry.GCore }, typed{password: "tulip", pin: "1"}, "", 1, entry.Regular},
	} {
		change := c.change
		if change == nil {
			change = func(*entry.Input) {}
		}
		w.compared = 0
		c.typed.from = netip.AddrFrom4([4]byte{10, 0, 0, byte(i)})
		word, after := n.types(before(change), c.typed)
		if word != c.want || w.compared != c.compared || after.Role != c.role {
			t.Errorf("%s: %q, compared %d times, %s", c.name, word, w.compared, after.Role)
		}
	}
}

// TestWrongSecretsPause: after five wrong ones not even the right one counts, for
// this address and this room, and nothing is compared any more.
func TestWrongSecretsPause(t *testing.T) {
	n, w := lockedNode(t)
	for i := range mostTries {
		if word, d := n.types(before(), typed{password: signal.Secret(fmt.Sprint(i)), from: here}); word != "wrong_password" || d.input.Secrets.Pause > 0 {
			t.Fatalf("try %d: %s, pause %v", i, word, d.input.Secrets.Pause)
		}
	}
	w.compared = 0
	for _, late := range []typed{{password: "tulip", from: here}, {pin: "470815", from: here}} {
		word, d := n.types(before(), late)
		refusal, _ := errors.AsType[*entry.Refusal](d.err)
		if word != "wrong_password" || refusal.RetryAfter <= 0 || refusal.RetryAfter > triesPause || refusal.Ask {
			t.Errorf("%+v in the pause: %s %+v", late, word, refusal)
		}
		if e, _ := errors.AsType[*signal.Error](refuse(refusal)); e.RetryAfter < 1 || e.RetryAfter > 60 {
			t.Errorf("said to come back in %d s", e.RetryAfter)
		}
	}
	if w.compared > 0 {
		t.Errorf("compared %d times in the pause", w.compared)
	}
	if word, d := n.types(before(), typed{from: here}); word != "wrong_password" || !isAsk(d.err) {
		t.Errorf("who types nothing is told %s, asked %v", word, isAsk(d.err))
	}
	if word, _ := n.types(before(), typed{password: "tulip", from: there}); word != "" {
		t.Errorf("another address: %s", word)
	}
	other := before(func(in *entry.Input) { in.URL[entry.RoomID] = "other" })
	if word, _ := n.types(other, typed{password: "tulip", from: here}); word != "" {
		t.Errorf("another room: %s", word)
	}
}

func isAsk(err error) bool {
	r, ok := errors.AsType[*entry.Refusal](err)
	return ok && r.Ask
}

// TestWhoGuessesAtManyDoorsPausesToo: five tries for each of a thousand rooms would
// be five thousand.
func TestWhoGuessesAtManyDoorsPausesToo(t *testing.T) {
	n, w := lockedNode(t)
	for i := range 100 {
		n.types(before(func(in *entry.Input) { in.URL[entry.RoomID] = fmt.Sprint("room", i) }), typed{password: "lily", from: here})
	}
	if w.compared < 15 || w.compared > 30 {
		t.Errorf("%d guesses were compared", w.compared)
	}
}

func TestWhatCannotBeToldIsNoTry(t *testing.T) {
	n, w := lockedNode(t)
	w.err = context.DeadlineExceeded
	for range 2 * mostTries {
		if word, _ := n.types(before(), typed{password: "tulip", from: here}); word != string(signal.TryAgain) {
			t.Fatalf("nobody could tell: %s", word)
		}
	}
	w.err = nil
	if word, _ := n.types(before(), typed{password: "tulip", from: here}); word != "" {
		t.Errorf("then: %s", word)
	}
	if word, _ := startLone(t).types(before(), typed{password: "tulip"}); word != string(signal.TryAgain) {
		t.Errorf("without anything to compare by: %s", word)
	}
}

func TestTriesAreForgotten(t *testing.T) {
	now := time.Unix(1000, 0)
	at := door{demo, household(here)}
	made := newTries()
	for range mostTries {
		if pause := made.take(at, now); pause > 0 {
			t.Fatalf("pause %v", pause)
		}
	}
	if pause := made.take(at, now.Add(10*time.Second)); pause != triesPause-10*time.Second {
		t.Errorf("pause %v", pause)
	}
	if pause := made.take(at, now.Add(triesPause)); pause > 0 {
		t.Errorf("after the pause another of %v", pause)
	}
	made.back(at)
	if len(made.made) != 0 {
		t.Errorf("%v", made.made)
	}
	addr := netip.MustParseAddr("10.0.0.0")
	for range 2 * triesMost {
		addr = addr.Next()
		made.take(door{demo, household(addr)}, now)
	}
	if len(made.made) > triesMost {
		t.Errorf("%d doors are remembered", len(made.made))
	}
}

// What somebody typed is in no log, not even of a whole message.
func TestSecretsDoNotPrint(t *testing.T) {
	v := visit{secrets: typed{password: "tulip", pin: "470815"}}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if text := fmt.Sprintf(verb, v.secrets.password) + fmt.Sprintf(verb, v.secrets.pin); text != "******" {
			t.Errorf("%s gives %s", verb, text)
		}
	}
	j, err := signal.ParseJoin([]byte(`{"type":"join","v":1,"room":"r","offer":"v=0","password":"tulip","pin":"470815"}`))
	if err != nil || j.Password != "tulip" || fmt.Sprintf("%+v", j) != fmt.Sprintf("%+v", func() signal.Join { k := j; k.Password, k.PIN = "x", "y"; return k }()) {
		t.Errorf("%+v, %v", j, err)
	}
}
