package edge

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/meridian-video/meridian/control/client"
	"github.com/meridian-video/meridian/control/entry"
	"github.com/meridian-video/meridian/edge/photo"
	"github.com/meridian-video/meridian/edge/room"
	"github.com/meridian-video/meridian/edge/sfu"
	"github.com/meridian-video/meridian/edge/signal"
)

// passes lists the kinds of an attachment's tracks that let a packet in.
func passes(a *attachment, n uint16) []string {
	var out []string
	for kind, up := range a.up {
		before := up.Track.Stats().Packets
		up.Track.Write(&sfu.Packet{SequenceNumber: n, Payload: []byte("0123456789")})
		if up.Track.Stats().Packets > before {
			out = append(out, kind)
		}
	}
	slices.Sort(out)
	return out
}

// A WHIP client knows nothing of rules; its packets obey them.
func TestRulesHoldForWHIP(t *testing.T) {
	n := startLone(t)
	whip, err := os.ReadFile("rtc/testdata/whip.sdp")
	if err != nil {
		t.Fatal(err)
	}
	res, err := n.publish(t.Context(), admitted{Admission: entry.Admission{Company: "acme", Room: "demo", Peer: "pub"}}, signal.MediaRequest{Offer: string(whip)})
	if err != nil {
		t.Fatal(err)
	}
	pub := n.attachmentList()[0]
	ann := n.seated("ann", "")
	act := func(verb room.Verb, peer, value string) {
		t.Helper()
		if err := ann.seat.Act(t.Context(), room.Act{Verb: verb, Peer: peer, Value: json.RawMessage(value)}); err != nil {
			t.Fatal(verb, err)
		}
	}
	if got := fmt.Sprint(passes(pub, 1)); got != "[camera mic]" {
		t.Errorf("at first %s", got)
	}
	if err := ann.seat.Act(t.Context(), room.Act{Verb: "kick", Peer: "pub"}); err == nil {
		t.Error("anybody may kick")
	}
	mod := n.opened()
	if _, err := n.seat(t.Context(), mod, entry.Admission{Peer: "mod", Role: entry.Moderator, Capacity: 9}, "", signal.Media{}); err != nil {
		t.Fatal(err)
	}
	ann = mod
	act("mute", "pub", `"camera"`)
	if got := fmt.Sprint(passes(pub, 2)); got != "[mic]" {
		t.Errorf("without the camera %s", got)
	}
	act("mute_mode", "", `"lecture"`)
	if got := fmt.Sprint(passes(pub, 3)); got != "[]" {
		t.Errorf("in a lecture %s", got)
	}
	act("kick", "pub", "")
	<-res.Done()

	play := func(adm entry.Admission) signal.Code {
		t.Helper()
		adm.Company, adm.Room = "acme", "demo"
		res, err := n.play(t.Context(), admitted{Admission: adm}, signal.MediaRequest{Offer: n.offer})
		if err == nil {
			res.Close()
			<-res.Done()
			return ""
		}
		refusal, ok := errors.AsType[*signal.Error](err)
		if !ok {
			t.Fatal(err)
		}
		return refusal.Code
	}
	eve := entry.Admission{Peer: "eve", Identities: []string{"browser:x"}}
	for _, step := range []struct {
		verb        room.Verb
		peer, value string
		want        signal.Code // for who only looks on
	}{{"lock", "", "true", "locked"}, {"lock", "", "false", ""}, {"lobby", "", "true", "denied"}, {"lobby", "", "false", ""}, {"block", "ann", "", ""}} {
		act(step.verb, step.peer, step.value)
		if got := play(eve); got != step.want {
			t.Errorf("after %s %s: %q", step.verb, step.value, got)
		}
		if got := play(entry.Admission{Role: entry.Moderator}); got != "" {
			t.Errorf("a moderator after %s: %q", step.verb, got)
		}
	}
	if got := play(entry.Admission{Peer: "ann"}); got != "blocked" {
		t.Errorf("who is blocked: %q", got)
	}
	act("lobby", "", "true")
	_, err = n.publish(t.Context(), admitted{Admission: entry.Admission{Company: "acme", Room: "demo", Peer: "pub2"}}, signal.MediaRequest{Offer: string(whip)})
	if refusal, ok := errors.AsType[*signal.Error](err); !ok || refusal.Code != signal.Denied {
		t.Errorf("by WHIP into the lobby: %v", err)
	}
}

func wait(peer string, claim int64) room.Event {
	return room.Event{Kind: room.EventWait, Person: &room.Person{PeerID: peer, Name: peer, Claim: room.Stamp{Wall: claim}}}
}

func went(peer string) room.Event { return room.Event{Kind: room.EventWent, PeerID: peer} }

func TestLobbyIsToldToModerators(t *testing.T) {
	var told []string
	names := func(guests []room.Person) string {
		var out []string
		for _, g := range guests {
			out = append(out, g.PeerID)
		}
		return fmt.Sprint(out)
	}
	l := &lobby{tell: func(g []room.Person) { told = append(told, names(g)) }}
	l.moderate(true)
	l.update([]room.Event{wait("bob", 2), {Kind: room.EventChat}})
	l.update([]room.Event{went("ann")})
	if got := names(l.begin(room.Snapshot{Lobby: []room.Person{*wait("ann", 1).Person}})); got != "[bob]" || len(told) != 0 {
		t.Errorf("begins with %s, told %v", got, told)
	}
	l.update([]room.Event{wait("ann", 1)})
	l.update([]room.Event{{Kind: room.EventChat}})
	l.moderate(false)
	l.update([]room.Event{went("bob")})
	l.moderate(true)
	l.reset(room.Snapshot{})
	if got := fmt.Sprint(told); got != "[[ann bob] [ann] []]" {
		t.Errorf("told %s", got)
	}
	regular := &lobby{tell: func([]room.Person) { t.Error("told to one who moderates nothing") }}
	regular.update([]room.Event{wait("bob", 2)})
	if got := regular.begin(room.Snapshot{Lobby: []room.Person{{PeerID: "ann"}}}); got != nil {
		t.Errorf("begins with %v", got)
	}
	regular.update([]room.Event{went("bob")})
	late := &lobby{tell: func([]room.Person) {}}
	late.moderate(true)
	late.update([]room.Event{wait("old", 1)})
	late.reset(room.Snapshot{Lobby: []room.Person{{PeerID: "new"}}})
	if got := names(late.begin(room.Snapshot{Lobby: []room.Person{{PeerID: "old"}}})); got != "[new]" {
		t.Errorf("after a reset begins with %s", got)
	}
}

func TestGuestsHaveTheirPhotos(t *testing.T) {
	n := &Node{album: photo.New(photo.Config{})}
	const source = "https://pictures.example/ann.png"
	guests := n.guests([]room.Person{{PeerID: "ann", Name: "Ann", Photo: source}, {PeerID: "bob"}})
	if len(guests) != 2 || guests[0].Photo == "" || guests[0].Photo != n.album.ID(source) || guests[1].Photo != "" {
		t.Errorf("moderators are told of %+v", guests)
	}
}

func TestParticipantIsToldTheirPartOfEvents(t *testing.T) {
	rules := room.DefaultRules()
	rules.Locked.Value = true
	events := []room.Event{
		wait("bob", 1), went("bob"), {Kind: room.EventAsk, PeerID: "ann", Text: "mic"}, {Kind: room.EventAsk, PeerID: "cid", Text: "camera"},
		{Kind: room.EventReaction, PeerID: "cid", Text: "+1"}, {Kind: room.EventRules, Rules: &rules},
	}
	body, err := json.Marshal((&Node{album: photo.New(photo.Config{})}).events(reader{peer: "ann"}, events))
	const want = `[{"kind":"ask","source":"mic"},{"kind":"reaction","peer_id":"cid","text":"+1"},` +
		`{"kind":"rules","rules":{"locked":true,"lobby":false,"mute_mode":"free","share":"speakers","chat":"speakers","hands":"speakers","bitrate":0,"stage":{"on":false}}}]`
	if err != nil || string(body) != want {
		t.Errorf("%s, %v", body, err)
	}
}

func TestWhoSwitchedOffIsToldToWhomItConcerns(t *testing.T) {
	bob := room.Person{PeerID: "bob", Hushed: room.Hushed{Mic: room.Hush{Stamp: room.Stamp{Wall: 7, Node: "n"}, By: "mod"}}}
	events := []room.Event{{Kind: room.EventPerson, Person: &bob}}
	n := &Node{album: photo.New(photo.Config{})}
	for to, want := range map[reader]bool{{peer: "bob"}: true, {peer: "mod", moderates: true}: true, {peer: "ann"}: false, {}: false} {
		for where, p := range map[string]signal.Person{"an event": *n.events(to, events)[0].Person, "a list": n.people(to, []room.Person{bob})[0]} {
			if told := p.Hushed != (signal.Hushed{}); told != want {
				t.Errorf("%+v is told by %s: %t, want %t", to, where, told, want)
			}
		}
	}
}

func TestOnlyAMeetingsOwnModeIsItsOwn(t *testing.T) {
	for mode, want := range map[string]room.MuteMode{"": "", "louder": "", "conversation": room.Free, "q&a": room.Quiet, "presentation": room.Lecture} {
		m := client.Meeting{MeetingSpec: client.MeetingSpec{MuteMode: mode, StartsAt: time.Unix(1000, 0), DurationMinutes: 10}}
		got := configuredMeeting(m)
		switch {
		case got == nil && want != "", got != nil && (got.Mute != want || !got.Ends.Equal(time.Unix(1600, 0))):
			t.Errorf("%q: %+v, want %s", mode, got, want)
		}
	}
}

func TestSettingsAreRulesAtFirst(t *testing.T) {
	text := func(s string) *string { return &s }
	yes, bound := true, 1_000
	for name, c := range map[string]struct {
		settings client.Settings
		want     string
	}{
		"none":              {client.Settings{}, "free speakers speakers speakers 0"},
		"questions":         {client.Settings{MuteMode: text("q&a")}, "quiet speakers speakers speakers 0"},
		"presentation":      {client.Settings{MuteMode: text("presentation")}, "lecture speakers speakers speakers 0"},
		"conversation":      {client.Settings{MuteMode: text("conversation")}, "free speakers speakers speakers 0"},
		"viewers write":     {client.Settings{ViewersWrite: &yes}, "free speakers all all 0"},
		"the nearer word":   {client.Settings{ViewersWrite: &yes, WhoWrites: text("nobody")}, "free speakers nobody all 0"},
		"shares and hands":  {client.Settings{WhoShares: text("moderators"), WhoRaisesHands: text("all")}, "free moderators speakers all 0"},
		"bound of no sense": {client.Settings{BitrateCap: &bound}, "free speakers speakers speakers 30000"},
	} {
		r := configuredRules(c.settings)
		got := fmt.Sprint(r.Mute.Value, " ", r.Share.Value, " ", r.Chat.Value, " ", r.Hands.Value, " ", r.Bitrate.Value)
		if got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}
