package edge

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/meridian-video/meridian/control/client"
	"github.com/meridian-video/meridian/control/entry"
	"github.com/meridian-video/meridian/edge/room"
	"github.com/meridian-video/meridian/edge/rtc"
	"github.com/meridian-video/meridian/edge/signal"
	"github.com/meridian-video/meridian/geo"
)

// patience bounds every wait of the tests; none of them comes near it.
const patience = 20 * time.Second

// alone is a network of one node.
type alone struct{ self geo.Node }

func (a alone) Nodes() []geo.Node { return []geo.Node{a.self} }
func (a alone) Lookup(id geo.NodeID) (geo.Node, bool) {
	return a.self, id == a.self.ID
}
func (alone) OnChange(func())                                  {}
func (alone) SetLoad(float64, bool)                            {}
func (alone) SetGray(bool)                                     {}
func (alone) SetDraining(bool)                                 {}
func (alone) RTT(geo.NodeID, geo.NodeID) (time.Duration, bool) { return 0, false }

// unconfigured is the copy of a node that has heard nothing from control yet.
type unconfigured struct{}

func (unconfigured) View() *client.View { return nil }
func (unconfigured) Ready() bool        { return true }
func (unconfigured) Connected() bool    { return true }
func (unconfigured) Age() time.Duration { return 0 }

func (unconfigured) OnTokens(func(*client.View)) {}

func udp(t *testing.T) net.PacketConn {
	t.Helper()
	c, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func certificate(t *testing.T) *tls.Config {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().AddDate(1, 0, 0),
		URIs: []*url.URL{{Scheme: "meridian", Host: "node", Path: "/fra-1"}},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, RootCAs: x509.NewCertPool()}
}

// lone is a node on its own, without the configuration that entry needs: tests
// admit people themselves.
type lone struct {
	*Node
	t     *testing.T
	offer string
}

func startLone(t *testing.T, change ...func(*Config)) *lone {
	t.Helper()
	relay := udp(t)
	self := geo.Node{ID: "fra-1", POP: "fra", Role: geo.RoleEdge, Relay: relay.LocalAddr().String()}
	cfg := Config{
		Self: self, Members: alone{self}, Configuration: unconfigured{},
		Web:   fstest.MapFS{"index.html": {Data: []byte("page")}},
		Relay: relay, RelayTLS: certificate(t), Media: udp(t),
		Log: slog.New(slog.DiscardHandler), Registerer: prometheus.NewRegistry(),
	}
	for _, c := range change {
		c(&cfg)
	}
	n, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Errorf("close node: %v", err)
		}
	})
	sdp, err := os.ReadFile("rtc/testdata/chromium-17.sdp")
	if err != nil {
		t.Fatal(err)
	}
	return &lone{n, t, string(sdp)}
}

var demo = roomKey{"acme", "demo"}

func (n *lone) opened() *attachment {
	n.t.Helper()
	a, err := n.open(n.t.Context(), demo, rtc.Offer{SDP: n.offer}, "trace", signal.NewOutbox())
	if err != nil {
		n.t.Fatal(err)
	}
	if err := a.name(signal.Up{Mic: "0", Camera: "1"}); err != nil {
		n.t.Fatal(err)
	}
	return a
}

func (n *lone) seated(peer, ticket string) *attachment {
	n.t.Helper()
	a := n.opened()
	snap, err := n.seat(n.t.Context(), a, entry.Admission{Peer: peer, Capacity: 3}, ticket, signal.Media{Camera: true})
	if err != nil {
		n.t.Fatal(err)
	}
	a.first(snap)
	return a
}

// until waits for a condition.
func (n *lone) until(what string, ok func() bool) {
	n.t.Helper()
	ctx, cancel := context.WithTimeout(n.t.Context(), patience)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-ctx.Done():
			n.t.Fatalf("not within %v: %s", patience, what)
		case <-tick.C:
		}
	}
}

// holds waits until the node holds so much, and nothing else.
func (n *lone) holds(attachments, transports, people, tracks int) {
	n.t.Helper()
	var got string
	want := fmt.Sprintf("%d attachments, %d transports, %d people, %d tracks", attachments, transports, people, tracks)
	n.until("the node holds "+want, func() bool {
		snap, _ := n.plane.Locate(demo.Company, demo.Room)
		local, _ := n.tracks.Counts()
		got = fmt.Sprintf("%d attachments, %d transports, %d people, %d tracks",
			len(n.attachmentList()), n.engine.Transports(), len(snap.People), local)
		return got == want
	})
}

// ended is the code an attachment's client was told.
func ended(a *attachment) signal.Code {
	if _, end := a.out.Take(); end != nil {
		return end.Code
	}
	return ""
}

func TestAbortsFreeEverything(t *testing.T) {
	n := startLone(t)
	a := n.opened()
	err := a.name(signal.Up{Share: "no such mid"})
	if code(err) != signal.BadMessage {
		t.Errorf("unknown section: %v", err)
	}
	a.abort(err)
	n.holds(0, 0, 0, 0)

	a = n.opened()
	_, err = n.seat(t.Context(), a, entry.Admission{Peer: strings.Repeat("x", 300)}, "", signal.Media{Camera: true})
	if code(err) != signal.BadMessage {
		t.Errorf("peer id out of bounds: %v", err)
	}
	n.holds(0, 0, 0, 0)

	a = n.opened()
	_, err = n.seat(t.Context(), a, entry.Admission{}, "not a ticket", signal.Media{})
	if code(err) != signal.ResumeInvalid {
		t.Errorf("bad ticket: %v", err)
	}
	n.holds(0, 0, 0, 0)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	a = n.opened()
	if _, err = n.seat(ctx, a, entry.Admission{Peer: "gone"}, "", signal.Media{}); err == nil {
		a.Leave() // the room was quicker
	} else if code(err) != signal.TryAgain {
		t.Errorf("a client that went away: %v", err)
	}
	n.holds(0, 0, 0, 0)

	if _, err := n.open(t.Context(), demo, rtc.Offer{SDP: "v=0"}, "trace", nil); code(err) != signal.BadMessage {
		t.Errorf("bad offer: %v", err)
	}
}

func code(err error) signal.Code {
	if e, ok := errors.AsType[*signal.Error](err); ok {
		return e.Code
	}
	return ""
}

// TestEndBeforeTheSeat: the room ends an attachment, or its transport ends,
// before the join has returned.
func TestEndBeforeTheSeat(t *testing.T) {
	n := startLone(t)
	a := n.opened()
	a.publish()
	a.Ended(room.Superseded, "")
	n.add(a) // what seat does next
	n.holds(0, 0, 0, 0)
	if got := ended(a); got != signal.Superseded {
		t.Errorf("told %s", got)
	}
	a.abort(errEnded) // does nothing more

	a = n.opened()
	a.transport.Close(errors.New("gone"))
	<-a.transport.Done()
	if _, err := n.seat(t.Context(), a, entry.Admission{Peer: "ann"}, "", signal.Media{Camera: true}); err != nil {
		t.Fatal(err)
	}
	n.holds(0, 0, 0, 0)
	if got := ended(a); got != signal.TransportFailed {
		t.Errorf("told %s", got)
	}
}

// TestResumeOnTheSameNode: the new attachment takes over, the old one is freed,
// and the room keeps its capacity.
func TestResumeOnTheSameNode(t *testing.T) {
	n := startLone(t)
	old := n.seated("ann", "")
	n.holds(1, 1, 1, 2)
	old.Lost()
	a := n.opened()
	snap, err := n.seat(t.Context(), a, entry.Admission{}, old.seat.Ticket(), signal.Media{Camera: true})
	if err != nil {
		t.Fatal(err)
	}
	if a.seat.Peer() != "ann" || snap.Places.Call != 3 {
		t.Errorf("resumed as %q in a room for %d", a.seat.Peer(), snap.Places.Call)
	}
	n.holds(1, 1, 1, 2)
	if got := ended(old); got != signal.Superseded {
		t.Errorf("the old attachment was told %s", got)
	}
	old.Leave() // of a socket that was slow to end; touches nobody
	n.holds(1, 1, 1, 2)
	a.Leave()
	n.holds(0, 0, 0, 0)
}

// TestComingBackAfterAMoment: who loads the page anew holds the place, as the
// others see, and nothing else of the node; with the ticket it is theirs again.
func TestComingBackAfterAMoment(t *testing.T) {
	n := startLone(t)
	bob := n.seated("bob", "")
	for name, gone := range map[string]func(*attachment){
		"says so":          (*attachment).Away,
		"closes its media": func(a *attachment) { a.transport.Close(errors.New("closed by the client")) },
	} {
		old := n.seated("ann", "")
		gone(old)
		n.holds(1, 1, 2, 2)
		state := func() (s room.Presence) {
			for _, p := range bob.roster.people() {
				if p.PeerID == "ann" {
					s = p.State
				}
			}
			return s
		}
		n.until(name+": ann is reconnecting", func() bool { return state() == room.Reconnecting })
		a := n.opened()
		if _, err := n.seat(t.Context(), a, entry.Admission{}, old.seat.Ticket(), signal.Media{Camera: true}); err != nil {
			t.Fatal(err)
		}
		n.until(name+": ann is back", func() bool { return state() == room.Present })
		n.holds(2, 2, 2, 4)
		a.Leave()
		n.holds(1, 1, 1, 2)
	}
}

// TestMediaMayEndBeforeTheWord: a client says that it leaves and ends its media,
// and the latter may be here first. It has left at once, and is not lost.
func TestMediaMayEndBeforeTheWord(t *testing.T) {
	n := startLone(t)
	bob := n.seated("bob", "")
	ann := n.seated("ann", "")
	ann.transport.Close(rtc.ErrClientClosed)
	n.holds(1, 1, 2, 2)
	ann.Leave()
	n.holds(1, 1, 1, 2)
	var reasons []string
	n.until("bob hears why ann is gone", func() bool {
		queue, _ := bob.out.Take()
		for _, m := range queue {
			if u, ok := m.(signal.Update); ok {
				for _, e := range u.Events {
					reasons = append(reasons, e.Reason)
				}
			}
		}
		return slices.Contains(reasons, string(room.Left)) || slices.Contains(reasons, string(room.Lost))
	})
	if !slices.Contains(reasons, string(room.Left)) {
		t.Errorf("ann is gone for %q", reasons)
	}
}

// TestWhoSaidSoIsNotLost: of those who are given a moment to come back.
func TestWhoSaidSoIsNotLost(t *testing.T) {
	n := startLone(t)
	for _, c := range []struct {
		name string
		gone func(*attachment)
		want room.Reason
	}{
		{"says so", func(a *attachment) { a.Away() }, room.Left},
		{"closes its media first", func(a *attachment) {
			a.transport.Close(rtc.ErrClientClosed)
			n.holds(0, 0, 1, 0)
			a.Away()
		}, room.Left},
		{"says nothing", func(a *attachment) { a.transport.Close(rtc.ErrICEFailed) }, room.Lost},
	} {
		a := n.seated("ann", "")
		c.gone(a)
		n.holds(0, 0, 1, 0)
		if got := a.parting(); got != c.want {
			t.Errorf("who %s is gone as %s, want %s", c.name, got, c.want)
		}
		a.Leave()
		n.holds(0, 0, 0, 0)
	}
}

// TestSlotsFollowTheRoom: a newcomer's slots show who is there, and nobody who
// has left; a player's do so by themselves.
func TestSlotsFollowTheRoom(t *testing.T) {
	n := startLone(t)
	ann := n.seated("ann", "")
	bob := n.seated("bob", "")
	shows := func(s *slots, want string) {
		t.Helper()
		n.until("the first slot shows "+want, func() bool {
			first := s.assigned().Video[0]
			return first != nil && *first == want || first == nil && want == ""
		})
	}
	shows(bob.slots, ann.trackID(trackCamera))
	whep, err := os.ReadFile("rtc/testdata/whep.sdp")
	if err != nil {
		t.Fatal(err)
	}
	res, err := n.play(t.Context(), admitted{Admission: entry.Admission{Company: "acme", Room: "demo"}}, signal.MediaRequest{Offer: string(whep)})
	if err != nil {
		t.Fatal(err)
	}
	n.holds(2, 3, 2, 4) // a player is nobody in the room
	if failed := ann.Subscribe(signal.Assignment{Video: list(bob.trackID(trackCamera), ann.trackID(trackCamera))}); len(failed) != 1 {
		t.Errorf("failed: %v; want one's own camera only", failed)
	}
	ann.Leave()
	shows(bob.slots, "")
	bob.SetMedia(signal.Media{})
	res.Close()
	<-res.Done()
	n.holds(1, 1, 1, 2)
	_, err = n.play(t.Context(), admitted{Admission: entry.Admission{Company: "acme", Room: "other"}}, signal.MediaRequest{Offer: string(whep)})
	if code(err) != signal.NotFound {
		t.Errorf("played a room that is not: %v", err)
	}
	n.holds(1, 1, 1, 2)
}

func TestPlayerEndsWithItsRoom(t *testing.T) {
	var cause error
	p := &player{over: func(err error) { cause = err }}
	p.Ended(room.RoomClosed, "")
	if cause == nil {
		t.Error("the transport of a player whose room is over lives on")
	}
}

// TestPublisherKeepsNoEvents: a WHIP client hears nothing, so that nothing is
// kept for it however long it publishes.
func TestPublisherKeepsNoEvents(t *testing.T) {
	n := startLone(t)
	whip, err := os.ReadFile("rtc/testdata/whip.sdp")
	if err != nil {
		t.Fatal(err)
	}
	res, err := n.publish(t.Context(), admitted{Admission: entry.Admission{Company: "acme", Room: "demo"}}, signal.MediaRequest{Offer: string(whip)})
	if err != nil {
		t.Fatal(err)
	}
	pub := n.attachmentList()[0]
	ann := n.seated("ann", "")
	n.holds(2, 2, 2, 4)
	for i := range 100 {
		if err := ann.Rename(fmt.Sprint("Ann ", i)); err != nil {
			t.Fatal(err)
		}
	}
	n.until("the last name is known", func() bool {
		snap, _ := n.plane.Locate("acme", "demo")
		return snap.People[1].Name == "Ann 99"
	})
	pub.roster.mu.Lock()
	if len(pub.roster.early) != 0 {
		t.Errorf("%d batches of events are kept", len(pub.roster.early))
	}
	pub.roster.mu.Unlock()
	if len(pub.slots.all()) != 0 {
		t.Error("a publisher has slots")
	}
	res.Close()
	<-res.Done()
	n.holds(1, 1, 1, 2)
}

func TestCloseEndsEverybody(t *testing.T) {
	n := startLone(t)
	ann := n.seated("ann", "")
	n.seated("bob", "").Lost()
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	if got := ended(ann); got != signal.NodeDraining {
		t.Errorf("told %s", got)
	}
	if _, err := n.open(t.Context(), demo, rtc.Offer{SDP: n.offer}, "", nil); code(err) != signal.NodeDraining {
		t.Errorf("opened after Close: %v", err)
	}
	w := httptest.NewRecorder()
	r := httptest.NewRequest("POST", "/whip/demo", strings.NewReader(n.offer))
	r.Header.Set("Content-Type", "application/sdp")
	n.Handler().ServeHTTP(w, r)
	if w.Code != 503 || w.Header().Get("Retry-After") == "" {
		t.Errorf("WHIP after Close: %d", w.Code)
	}
}

// TestErrorsAsClientsSeeThem: each has a code to act on, and none shows what
// happened inside.
func TestErrorsAsClientsSeeThem(t *testing.T) {
	inside := fmt.Errorf("secret: %w", io.ErrUnexpectedEOF)
	wrap := func(err error) error { return fmt.Errorf("secret: %w", err) }
	for _, c := range []struct {
		err  error
		want signal.Code
	}{
		{joinError(wrap(room.ErrFull)), signal.Full},
		{joinError(wrap(room.ErrNotFound)), signal.NotFound},
		{joinError(wrap(room.ErrResumeInvalid)), signal.ResumeInvalid},
		{joinError(wrap(room.ErrInvalid)), signal.BadMessage},
		{joinError(wrap(room.ErrSuperseded)), signal.Superseded},
		{joinError(wrap(room.ErrTryAgain)), signal.TryAgain},
		{joinError(wrap(room.ErrNoAttachment)), signal.TryAgain},
		{joinError(wrap(room.ErrClosed)), signal.NodeDraining},
		{joinError(wrap(context.DeadlineExceeded)), signal.TryAgain},
		{joinError(inside), ""},
		{chatError(wrap(room.ErrChatTooLong)), signal.ChatTooLong},
		{chatError(wrap(room.ErrInvalid)), signal.BadMessage},
		{chatError(wrap(room.ErrTryAgain)), signal.TryAgain},
		{chatError(inside), signal.TryAgain},
		{offerError(rtc.ErrBadOffer), signal.BadMessage},
		{offerError(wrap(rtc.ErrClosed)), signal.TryAgain},
		{offerError(inside), ""},
		{endedError(room.Superseded), signal.Superseded},
		{endedError(room.Kicked), "kicked"},
		{endedError(room.Blocked), "blocked"},
		{endedError(room.RoomClosed), signal.RoomClosed},
		{endedError(room.Lost), signal.TransportFailed},
		{endedError(room.Left), signal.TransportFailed},
	} {
		e, shown := errors.AsType[*signal.Error](c.err)
		if code(c.err) != c.want || shown && (e.Message == "" || strings.Contains(e.Message, "secret")) {
			t.Errorf("%v: shown as %q %+v, want %s", c.err, code(c.err), e, c.want)
		}
	}
}

func TestPagesAnswerHead(t *testing.T) {
	n := startLone(t)
	for path, want := range map[string]int{"/m/demo": 200, "/call": 200, "/call/": 200, "/webinar": 200, "/webinar/": 200, "/call/x": 404, "/new": 200, "/probe": 204, "/assets/none.js": 404, "/ws": 426, "/nowhere": 404} {
		w := httptest.NewRecorder()
		n.Handler().ServeHTTP(w, httptest.NewRequest("HEAD", path, nil))
		if w.Code != want && path != "/ws" || path == "/ws" && w.Code < 400 {
			t.Errorf("HEAD %s: %d, want %d", path, w.Code, want)
		}
	}
}

// Take is what waits for the client's present socket.
func (l *line) Take() ([]any, *signal.Error) { return l.out.Take() }
