package client

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/meridian-video/meridian/edge/signal"
)

// hears applies messages as they come from the socket.
func hears(t *testing.T, s *State, a answers, messages ...string) {
	t.Helper()
	for _, text := range messages {
		var m message
		if err := json.Unmarshal([]byte(text), &m); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		s.hear(m)
		a.hear(m)
	}
}

func entered() State {
	var s State
	s.enter(signal.Joined{Self: signal.Person{Peer: "me"}, People: []signal.Person{{Peer: "ann"}}})
	return s
}

func TestStateFollowsTheRoom(t *testing.T) {
	s := entered()
	hears(t, &s, newAnswers(),
		`{"type":"update","version":7,"events":[{"kind":"join","person":{"peer_id":"bob"}},{"kind":"leave","peer_id":"ann"},{"kind":"chat","message":{"seq":1,"text":"hi"}}]}`,
		`{"type":"speaking","peer_ids":["bob"],"dominant":"bob"}`,
		`{"type":"heard","audio":["bob.mic",null]}`,
		`{"type":"bitrate","up":300000}`,
		`{"type":"ended","code":"kicked"}`,
	)
	if _, there := s.People["ann"]; there || len(s.People) != 2 || s.Version != 7 || len(s.Chat) != 1 {
		t.Errorf("people %v, version %d, chat %v", s.People, s.Version, s.Chat)
	}
	if s.Dominant != "bob" || !slices.Equal(s.Heard[0], []string{"bob.mic", ""}) || !slices.Equal(s.Caps, []int{300000}) {
		t.Errorf("dominant %q, heard %v, caps %v", s.Dominant, s.Heard, s.Caps)
	}
	if s.Ended == nil || s.Ended.Code != "kicked" {
		t.Errorf("ended %v", s.Ended)
	}
}

func TestStateOfAResetForgetsWhoIsNotNamed(t *testing.T) {
	s := entered()
	hears(t, &s, newAnswers(), `{"type":"reset","version":9,"people":[{"peer_id":"me"}]}`)
	if len(s.People) != 1 || s.Resets != 1 || s.Version != 9 {
		t.Errorf("people %v, resets %d, version %d", s.People, s.Resets, s.Version)
	}
}

func TestStateGivenAwayStaysAsItWas(t *testing.T) {
	s := entered()
	before := s.clone()
	hears(t, &s, newAnswers(), `{"type":"update","version":2,"events":[{"kind":"join","person":{"peer_id":"bob"}}]}`)
	if len(before.People) != 2 || len(s.People) != 3 {
		t.Errorf("the copy has %d people, the state %d", len(before.People), len(s.People))
	}
}

func TestAnswersAreKeptByTheirRequest(t *testing.T) {
	s, a := entered(), newAnswers()
	hears(t, &s, a, `{"type":"ack","id":"1","seq":4}`, `{"type":"error","id":"2","code":"forbidden"}`, `{"type":"people","id":"3","total":40}`)
	if a.acks["1"] != 4 || a.fails["2"].Code != "forbidden" || a.pages["3"].Total != 40 {
		t.Errorf("answers %+v", a)
	}
}
