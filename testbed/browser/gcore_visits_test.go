package browser

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/meridian-video/meridian/edge/signal"
	"github.com/meridian-video/meridian/testbed/client"
	"github.com/meridian-video/meridian/testbed/cluster"
)

// visits are those of a partner's links, in rooms that nobody has made.
type visits struct {
	c        *cluster.Cluster
	key      *rsa.PrivateKey
	ann, vic *Page // Vic's computer has no camera
}

func newVisits(t *testing.T) *visits {
	t.Helper()
	v := &visits{c: cluster.Start(t, "fra")}
	var err error
	if v.key, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&v.key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	v.c.Call("POST", "/companies/"+v.c.Company+"/keys", object{"pem": string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))}, nil)
	v.c.WaitKnown()
	v.ann, v.vic = New(t, "ann", Options{}), New(t, "vic", Options{Scripts: []string{bare, prompts}})
	return v
}

// link is an address as a partner writes it.
func (v *visits) link(kind, query string) string {
	return v.c.Edges["fra"].URL + "/" + kind + "/?roomId=" + query
}

// signed is a token of the partner's.
func (v *visits) signed(t *testing.T, claims jwt.MapClaims) string {
	t.Helper()
	text, err := jwt.NewWithClaims(jwt.SigningMethodRS256, claims).SignedString(v.key)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// guest comes by such an address without a page.
func (v *visits) guest(t *testing.T, o client.Options) *client.Client {
	t.Helper()
	c, err := v.come(t, o)
	if err != nil {
		t.Fatalf("%s: %v", o.Name, err)
	}
	return c
}

func (v *visits) come(t *testing.T, o client.Options) (*client.Client, error) {
	o.WS, o.Source, o.Video, o.Audio = wsOf(v.c, "fra"), "gcore", 1, 1
	ctx, cancel := context.WithTimeout(t.Context(), startTimeout)
	defer cancel()
	enter := client.Dial
	if o.Media.Camera {
		enter = client.Join // and wait until it can send
	}
	c, err := enter(ctx, o)
	if err == nil {
		t.Cleanup(c.Close)
	}
	return c, err
}

// enters goes in by a link that says all.
func (v *visits) enters(t *testing.T, p *Page, kind, query string) *Page {
	t.Helper()
	p = p.within(t)
	p.Open(v.link(kind, query+"&nameScreenDisabled=true"))
	p.isIn()
	return p
}

// lacks asks that there is no control of a name.
func (p *Page) lacks(labels ...string) {
	p.t.Helper()
	for _, label := range labels {
		p.answers("no "+label, fmt.Sprintf(`document.querySelector('button[aria-label^=%q]')`, label), `null`)
	}
}

// TestWhatAPartnersLinkMakesOfAVisit: attributes at the addresses of G-Core's form,
// by what people see of themselves and of each other.
func TestWhatAPartnersLinkMakesOfAVisit(t *testing.T) {
	t.Parallel()
	v := newVisits(t)
	// Covers GC-A37.
	t.Run("a visit without chat has neither its button nor others' messages", v.withoutChat)
	// Covers GC-A39.
	t.Run("a webinar has speakers, and viewers who are given nothing to send with", v.webinar)
	// Covers GC-A41.
	t.Run("the language is the link's, else the browser's, of two", v.language)
	// Covers GC-A42.
	t.Run("fifty tiles stand without scrolling", v.fifty)
	// Covers GC-A43.
	t.Run("who has a camera moves up where that is asked for, and nobody else", v.order)
	// Covers GC-A44.
	t.Run("the first gesture takes the whole screen", v.wholeScreen)
	// Covers GC-A46.
	t.Run("a moderator's token brings a waiting room", v.waitingRoom)
	t.Run("tokens leave the address bar, and a reload has them", v.tokens)
}

func (v *visits) withoutChat(t *testing.T) {
	bo := v.guest(t, client.Options{Room: "quiet", Name: "Bo"})
	for i, query := range []string{"quiet&displayName=Ann", "quiet&displayName=Ann&disableChat=true", "quiet&displayName=Ann&disbleChat=true"} {
		ann := v.enters(t, v.ann, "call", query)
		text := fmt.Sprintf("message %d", i)
		if _, err := bo.Chat(t.Context(), text, text); err != nil {
			t.Fatal(err)
		}
		ann.until("has "+text, func(s State) bool { return len(s.Chat) == i+1 })
		if i == 0 {
			ann.shows("the button, and that there is something to read", `/unread|new/i.test(document.querySelector('button[aria-label^="Chat"]')?.ariaLabel ?? "")`)
			continue
		}
		ann.lacks("Chat")
		if all, err := Eval[string](ann, shown); err != nil || strings.Contains(all, text) {
			t.Errorf("%s: %q is shown, %v", query, text, err)
		}
		ann.shows("nothing by the key c", `(document.body.dispatchEvent(new KeyboardEvent("keydown", {code: "KeyC", bubbles: true})), !document.querySelector(".panel"))`)
	}
}

func (v *visits) webinar(t *testing.T) {
	ann := v.enters(t, v.ann, "webinar", "talk&displayName=Ann&itisparticipant=true")
	ann.until("speaks and sends", func(s State) bool { return s.Kind == "webinar" && s.cameraOf("Ann") && s.named("Ann").Mic })
	ann.shows("her own tile", `!!document.querySelector("[data-tile=self]")`)

	vic := v.enters(t, v.vic, "webinar", "talk&displayName=Vic")
	vic.until("sees the speaker", func(s State) bool { return s.Viewers == 1 && s.Decoding(5) == 1 })
	vic.answers("has no tile", `document.querySelector("[data-tile=self]")`, `null`)
	vic.lacks("Mute", "Unmute", "Start camera", "Stop camera", "Share screen")
	prompted(vic, 0)

	// Who publishes all the same is not heard of: they are a number to all.
	forger := v.guest(t, client.Options{Room: "talk", Kind: "webinar", Name: "Forger", Media: signal.Media{Mic: true, Camera: true}})
	if self := forger.Joined.Self; self.Mode != "viewer" || self.Media.Mic || self.Media.Camera {
		t.Errorf("came in as %+v", self)
	}
	go forger.Send(t.Context(), client.Video{FPS: 10})
	if err := forger.SetMedia(signal.Media{Mic: true, Camera: true}); err != nil {
		t.Error(err)
	}
	_, _ = forger.Chat(t.Context(), "after", "a round trip") // until what it said before was heard
	s := ann.until("counts two viewers", func(s State) bool { return s.Viewers == 2 })
	if len(s.People) != 1 || s.Decoding(1) > 0 {
		t.Errorf("a speaker knows of %+v and decodes %d", s.People, s.Decoding(1))
	}
}

func (v *visits) language(t *testing.T) {
	vic := v.vic.within(t)
	agent, err := Eval[string](vic, `navigator.userAgent`)
	if err != nil {
		t.Fatal(err)
	}
	title := map[string]string{"en": "Ready to join?", "ru": "Готовы войти?"}
	for _, c := range []struct{ query, browser, want string }{
		{"&lang=ru", "en-US", "ru"}, {"&lang=en", "ru", "en"}, {"&lang=fr", "ru", "en"}, {"", "ru-RU,ru", "ru"}, {"", "fr-FR,fr", "en"}, {"", "en-US", "en"},
	} {
		vic.call("Emulation.setUserAgentOverride", object{"userAgent": agent, "acceptLanguage": c.browser})
		vic.Open(v.link("call", "words"+c.query))
		vic.shows("the page in "+c.want, fmt.Sprintf(`document.documentElement.lang === %q && document.querySelector("h1")?.innerText === %q`, c.want, title[c.want]))
	}
}

func (v *visits) fifty(t *testing.T) {
	var wg sync.WaitGroup
	for lane := range 3 {
		wg.Go(func() {
			for i := lane; i < 49; i += 3 {
				if _, err := v.come(t, client.Options{Room: "full", Name: fmt.Sprintf("Guest %d", i)}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	ann := v.enters(t, v.ann, "call", "full&displayName=Ann&minimizeTiles=true")
	ann.Until(2*startTimeout, "has a tile for each of fifty", func(s State) error {
		if len(s.People) != 50 || s.Stage.More > 0 || len(s.Tiles) != 50 {
			return fmt.Errorf("%d tiles for %d people, %d more", len(s.Tiles), len(s.People), s.Stage.More)
		}
		return nil
	})
	if got := ann.stands(); got.Tiles != 50 || got.W < 159.5 || got.H < 89.5 {
		t.Errorf("%+v", got)
	}
	ann.Shot("fifty")
}

func (v *visits) order(t *testing.T) {
	var guests []*client.Client
	for _, name := range []string{"One", "Two", "Three"} {
		guests = append(guests, v.guest(t, client.Options{Room: "row", Name: name}))
	}
	camera := func(on bool) {
		if err := guests[2].SetMedia(signal.Media{Camera: on}); err != nil {
			t.Fatal(err)
		}
	}
	for query, want := range map[string]string{"": "One Two Three", "&sortPeers=true": "Three One Two"} {
		ann := v.enters(t, v.ann, "call", "row&displayName=Ann"+query)
		ann.standsInOrder("One Two Three")
		camera(true)
		began := time.Now()
		ann.until("sees the camera", func(s State) bool { return s.cameraOf("Three") })
		ann.standsInOrder(want)
		t.Logf("%q: %s stand %v after the camera was switched on", query, want, time.Since(began).Round(10*time.Millisecond))
		camera(false)
		ann.until("sees it off", func(s State) bool { return !s.cameraOf("Three") })
		ann.standsInOrder("One Two Three")
	}
}

// standsInOrder waits until the others' tiles stand in an order.
func (p *Page) standsInOrder(names string) {
	p.t.Helper()
	p.Until(startTimeout, names+" in this order", func(s State) error {
		keys, err := Eval[[]string](p, `[...document.querySelectorAll("[data-tile^='person:']")].map(e => [e.getBoundingClientRect(), e.dataset.tile.slice(7)])
			.sort(([a], [b]) => Math.round(a.y - b.y) || a.x - b.x).map(([, id]) => id)`)
		if err != nil {
			return err
		}
		var got []string
		for _, key := range keys {
			for _, is := range s.People {
				if is.PeerID == key && is.Name != "Ann" {
					got = append(got, is.Name)
				}
			}
		}
		if strings.Join(got, " ") != names {
			return fmt.Errorf("they stand %v", got)
		}
		return nil
	})
}

func (v *visits) wholeScreen(t *testing.T) {
	ann := v.enters(t, v.ann, "call", "screen&displayName=Ann&startWithFS=true")
	if ann.state().Stage.FullScreen {
		t.Error("the whole screen before any gesture")
	}
	ann.Click(`button[aria-label^="People"]`)
	ann.until("has the whole screen", func(s State) bool { return s.Stage.FullScreen })
	ann.answers("gives it back", `document.exitFullscreen().then(() => document.fullscreenElement)`, `null`)
}

func (v *visits) waitingRoom(t *testing.T) {
	ina := v.guest(t, client.Options{Room: "door", Name: "Ina"})
	ann := v.enters(t, v.ann, "call", "door&token="+v.signed(t, jwt.MapClaims{"displayName": "Mara", "role": "Moderator", "waitingRoom": true}))
	ann.until("has a waiting room, and Ina stays", func(s State) bool { return s.Rules.Lobby && len(s.People) == 2 })

	vic := v.vic.within(t)
	vic.Open(v.link("call", "door&displayName=Vic&nameScreenDisabled=true"))
	vic.until("waits", func(s State) bool { return s.Phase == "waiting" })
	vic.says("The host will let you in soon")
	waiting, rejected := make(chan struct{}), make(chan error, 1)
	go func() {
		_, err := v.come(t, client.Options{Room: "door", Name: "Rex", Waiting: func() { close(waiting) }})
		rejected <- err
	}()
	select {
	case <-waiting:
	case err := <-rejected:
		t.Fatalf("Rex does not wait: %v", err)
	}
	second := v.guest(t, client.Options{Room: "door", Token: v.signed(t, jwt.MapClaims{"displayName": "Moe", "role": "moderator"}), Waiting: func() { t.Error("a moderator waits") }})
	if second.Joined.Self.Role != "moderator" {
		t.Errorf("came in as %+v", second.Joined.Self)
	}

	ann.Click(`button[aria-label^="People"]`)
	ann.says("2 waiting")
	ann.Shot("waiting")
	ann.press("Admit Vic")
	vic.isIn()
	ann.press("Reject Rex")
	if refusal, ok := errors.AsType[*client.Refusal](<-rejected); !ok || refusal.Code != signal.Denied {
		t.Errorf("who is rejected: %+v", refusal)
	}
	if ina.State().Ended != nil {
		t.Errorf("who was inside had to go: %+v", ina.State().Ended)
	}
}

func (v *visits) tokens(t *testing.T) {
	vic := v.vic.within(t)
	vic.Open(v.link("call", "bar&accessToken=s3cret&peerId=7&token="+v.signed(t, jwt.MapClaims{"displayName": "Vera"})))
	for range 2 {
		vic.says("You join as Vera")
		vic.answers("what the bar says", `location.search`, `"?roomId=bar&peerId=7"`)
		vic.answers("what a reload has", `history.state.accessToken`, `"s3cret"`)
		if _, err := Eval[json.RawMessage](vic, `(document.body.replaceChildren(), location.reload())`); err != nil {
			t.Fatal(err)
		}
	}
}
