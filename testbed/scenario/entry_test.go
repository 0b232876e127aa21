package scenario

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/meridian-video/meridian/edge/signal"
	"github.com/meridian-video/meridian/testbed/client"
)

// lookAhead asks a POP what a join would be answered.
func (r *room) lookAhead(pop string, q signal.EntryRequest) (a signal.EntryAnswer, text string) {
	r.t.Helper()
	status, answer := r.send(r.browser(pop), pop, "POST", "/entry", "", q)
	if status != 200 {
		r.t.Fatalf("%+v: %d %s", q, status, answer)
	}
	r.must(json.Unmarshal(answer, &a))
	return a, string(answer)
}

// TestAPageLooksAhead: what a page is told before the join is what the join then
// says, for every way in, and no more than that.
func TestAPageLooksAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRoom(t, 41)
		r.tenant("iad", "POST", "/rooms", object{"public_id": "hall", "name": "Town hall", "open": true, "access_code": "4711", "home_pop": "fra", "settings": object{
			"hidden_controls": []string{"share"}, "default_view": "bottom-speaker", "locale": "ru",
		}}, nil)
		r.tenant("iad", "POST", "/rooms", object{"public_id": "closed"}, nil)
		r.tenant("iad", "POST", "/rooms", object{"public_id": "lounge", "name": "Secret plans", "open": true, "settings": object{"lobby": true}}, nil)
		r.tenant("iad", "POST", "/origins", object{"pattern": "https://acme.example"}, nil)
		signed := r.mint(object{"name": "Signed", "peer": "ann", "role": "moderator"})
		once := r.mint(object{"name": "Once", "peer": "once", "once": true})
		r.known()
		l := looking{r, signed.Token, once.Token}
		l.theURLOverWhatIsConfigured()
		l.aTokenOverTheURL()
		l.refusalsAlone()
		l.nothingToWhoWaits()
		l.noTokenIsUsed()
		l.theJoinSaysTheSame()
		l.aLockIsToldEarly()
		l.notWithoutEnd()
	})
}

// looking is a network whose rooms are looked at, with a moderator's token and
// one that serves once.
type looking struct {
	*room
	signed, once string
}

func (l looking) theURLOverWhatIsConfigured() {
	l.t.Helper()
	a, _ := l.lookAhead("syd", signal.EntryRequest{Room: "hall", Attributes: map[string]string{
		"name": "Bea", "mute": "mic, camera", "view": "gallery", "leaveUrl": "https://acme.example/bye", "hideControls": "chat", "role": "moderator", "canRecord": "true",
	}})
	want := signal.Entry{
		Name: "Bea", Page: "setup", Role: "regular", Mode: "speaker", Chat: true, Media: signal.EntryMedia{MicOff: true, CameraOff: true},
		View:   map[string]string{"layout": "gallery", "leaveUrl": "https://acme.example/bye", "hideControls": "chat"},
		Hidden: []string{"share"}, Room: signal.RoomFacts{Name: "Town hall"},
	}
	if a.Refusal != nil || !reflect.DeepEqual(*a.Entry, want) {
		l.t.Errorf("%+v", a.Entry)
	}
}

func (l looking) aTokenOverTheURL() {
	l.t.Helper()
	a, _ := l.lookAhead("iad", signal.EntryRequest{Room: "hall", Token: l.signed, Name: "Typed", Attributes: map[string]string{
		"displayName": "Forged", "leaveUrl": "https://evil.example/", "nameScreenDisabled": "",
	}})
	if a.Entry == nil || a.Name != "Signed" || !a.NameLocked || a.Role != "moderator" || a.Page != "" || a.View["leaveUrl"] != "" || a.View["layout"] != "bottom-speaker" {
		l.t.Errorf("%+v", a)
	}
}

func (l looking) refusalsAlone() {
	l.t.Helper()
	for want, q := range map[signal.Code]signal.EntryRequest{
		"token_missing":    {Room: "closed"},
		"token_wrong_room": {Room: "closed", Token: l.signed},
		"token_malformed":  {Room: "hall", Token: "x"},
	} {
		a, text := l.lookAhead("fra", q)
		if a.Refusal == nil || a.Refusal.Code != want || a.Entry != nil || strings.Contains(text, "Town hall") {
			l.t.Errorf("%+v: %s, want %s", q, text, want)
		}
		l.refusedIn("fra", q.Room, client.Options{Token: q.Token}, want)
	}
}

func (l looking) nothingToWhoWaits() {
	l.t.Helper()
	a, text := l.lookAhead("fra", signal.EntryRequest{Room: "lounge"})
	if a.Entry == nil || strings.Contains(text, "Secret") {
		l.t.Error(text)
	}
}

func (l looking) noTokenIsUsed() {
	l.t.Helper()
	secret := rand.Text()
	a, _ := l.lookAhead("fra", signal.EntryRequest{Room: "hall", Token: l.once, Browser: secret})
	if a.Refusal == nil { // such a token is for the exchange alone
		l.t.Errorf("%+v", a.Entry)
	}
	if status, _ := l.exchange(l.browser("syd"), "syd", l.once, rand.Text()); status != 200 {
		l.t.Errorf("exchanged after a look: %d", status)
	}
}

func (l looking) theJoinSaysTheSame() {
	l.t.Helper()
	attributes := map[string]string{"displayName": "Bea", "micOff": "true", "lang": "en"}
	ahead, _ := l.lookAhead("fra", signal.EntryRequest{Room: "hall", Attributes: attributes})
	bea := l.Join("fra", "fra", client.Options{Room: "hall", Attributes: attributes, Media: signal.Media{Mic: true, Camera: true}})
	said := *bea.Joined.Entry
	if said.Room.Code != "4711" {
		l.t.Errorf("inside, how to dial in is %+v", said.Room)
	}
	said.Room = ahead.Room
	if !reflect.DeepEqual(said, *ahead.Entry) {
		l.t.Errorf("before %+v, then %+v", ahead.Entry, said)
	}
	if self := bea.Joined.Self; self.Name != "Bea" || self.Media.Mic || !self.Media.Camera {
		l.t.Errorf("came in as %+v", self)
	}
	l.must(bea.SetMedia(signal.Media{Mic: true}))
	l.must(bea.Until(l.t.Context(), "may switch it on", func(s client.State) bool {
		return slices.ContainsFunc(slices.Collect(maps.Values(s.People)), func(p signal.Person) bool { return p.Name == "Bea" && p.Media.Mic })
	}))
}

func (l looking) aLockIsToldEarly() {
	l.t.Helper()
	mod := l.Join("iad", "iad", client.Options{Room: "hall", Token: l.signed})
	l.must(mod.Act(l.t.Context(), "a1", "lock", "", true))
	for _, pop := range []string{"fra", "iad"} { // that have a copy of the room
		l.Wait("the lock is known", func() error {
			if a, text := l.lookAhead(pop, signal.EntryRequest{Room: "hall"}); a.Refusal == nil || a.Refusal.Code != signal.Locked {
				return fmt.Errorf("%s says %s", pop, text)
			}
			return nil
		})
	}
	if a, _ := l.lookAhead("fra", signal.EntryRequest{Room: "hall", Token: l.signed}); a.Refusal != nil {
		l.t.Errorf("a moderator is refused: %+v", a.Refusal)
	}
}

func (l looking) notWithoutEnd() {
	l.t.Helper()
	c, refused := l.browser("syd"), false
	for i := 0; i < 300 && !refused; i++ {
		status, _ := l.send(c, "syd", "POST", "/entry", "", signal.EntryRequest{Room: "closed"})
		refused = status == 429
	}
	if !refused {
		l.t.Error("300 guesses were answered")
	}
}

// refusedIn asks that a join is refused, as the page was told.
func (r *room) refusedIn(pop, name string, o client.Options, want signal.Code) {
	r.t.Helper()
	o.Room = name
	if _, err := r.TryJoin(pop, pop, o); err == nil || !strings.Contains(err.Error(), string(want)) {
		r.t.Errorf("a join to %s: %v, want %s", name, err, want)
	}
}
