package signal

import (
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
)

func TestParseJoin(t *testing.T) {
	ok := `{"type":"join","v":1,"room":"demo","offer":"v=0","up":{"mic":"0"},"media":{"mic":true},"later":"ignored"}`
	j, err := ParseJoin([]byte(ok))
	if err != nil || j.Room != "demo" || j.Up.Mic != "0" || !j.Media.Mic {
		t.Fatalf("ParseJoin = %+v, %v", j, err)
	}
	for _, c := range []struct{ name, in, want string }{
		{"not JSON", `{`, "bad message"},
		{"not UTF-8", "{\"type\":\"\xff\"}", "UTF-8"},
		{"two values", ok + ok, "more than one"},
		{"other type", `{"type":"chat","v":1}`, "first message is join"},
		{"no room", `{"type":"join","v":1,"offer":"v=0"}`, "room: is missing"},
		{"no offer", `{"type":"join","v":1,"room":"demo"}`, "offer: is missing"},
		{"wrong shape", `{"type":"join","v":1,"room":7,"offer":"x"}`, "room"},
		{"a long password", `{"type":"join","v":1,"room":"demo","offer":"x","password":"` + strings.Repeat("x", maxSecret+1) + `"}`, `password, pin: longer than 256 bytes`},
		{"a long host", `{"type":"join","v":1,"room":"demo","offer":"x","page_host":"` + strings.Repeat("x", maxHost+1) + `"}`, `page_host: longer than 253 bytes`},
		{"unknown hearing", `{"type":"join","v":1,"room":"demo","offer":"x","hear":"all"}`, `hear: "all" is not known`},
		{"too long", `{"type":"join","v":1,"room":"` + strings.Repeat("x", MaxOffer) + `"}`, "longer than"},
	} {
		_, err := ParseJoin([]byte(c.in))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one that says %q", c.name, err, c.want)
		}
		if e := asError(err, Refused); e.Code != BadMessage {
			t.Errorf("%s: code %s", c.name, e.Code)
		}
	}
	_, err = ParseJoin([]byte(`{"type":"join","v":2,"room":"demo","offer":"x"}`))
	if e, ok := errors.AsType[*Error](err); !ok || e.Code != UnsupportedVersion {
		t.Errorf("version 2: %v", err)
	}
}

func TestParseRequestLimits(t *testing.T) {
	long := strings.Repeat("x", MaxMessage)
	if _, err := ParseRequest([]byte(`{"type":"chat","text":"` + long + `"}`)); err == nil {
		t.Error("a chat longer than a message was taken")
	}
	if _, err := ParseRequest([]byte(`{"type":"offer","offer":"` + long + `"}`)); err != nil {
		t.Errorf("a long offer was refused: %v", err)
	}
	nulls := strings.TrimSuffix(strings.Repeat("null,", maxSlots+1), ",")
	if _, err := ParseRequest([]byte(`{"type":"subscribe","video":[` + nulls + `]}`)); err == nil {
		t.Error("more slots than there can be were taken")
	}
}

// TestCodesAreListed holds the constants against the list that the page is
// tested with too.
func TestCodesAreListed(t *testing.T) {
	all := map[string]bool{}
	lists := listed(t)
	for _, kind := range []string{"refused", "ended", "error"} {
		for _, c := range lists[kind] {
			all[c] = true
		}
	}
	for _, c := range []Code{BadMessage, UnsupportedVersion, NotFound, Denied, ResumeInvalid, Full, NodeFull, NodeDraining,
		TryAgain, Internal, SlowConsumer, TransportFailed, Superseded, RoomClosed, ChatTooLong, NoSuchTrack, NoSuchSlot, NotAllowed, RateLimited} {
		if !all[string(c)] {
			t.Errorf("code %s is not in codes.json", c)
		}
	}
}

// TestWordsAreListed does so for the words of views, layers and quality.
func TestWordsAreListed(t *testing.T) {
	for kind, want := range map[string][]string{
		"slot_state":    words(SlotLive, SlotPaused, SlotWaiting, SlotEmpty),
		"pause_reason":  words(PausedBandwidth, PausedHidden, PausedCodec, PausedByItsOwner, PausedByCap),
		"view_priority": words(ForShare, ForPinned, ForSpeaker, ForOther),
		"quality_cause": words(CauseNone, CauseUplinkLoss, CauseDownlink, CauseCPU, CausePaused),
	} {
		if got := listed(t)[kind]; !slices.Equal(got, want) {
			t.Errorf("%s in codes.json is %q, want %q", kind, got, want)
		}
	}
}

func words[W ~string](list ...W) (out []string) {
	for _, w := range list {
		out = append(out, string(w))
	}
	return out
}

func listed(t *testing.T) (lists map[string][]string) {
	t.Helper()
	b, err := os.ReadFile("codes.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &lists); err != nil {
		t.Fatal(err)
	}
	return lists
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"type":"join","v":1,"room":"demo","offer":"v=0","up":{"mic":"0"}}`))
	f.Add([]byte(`{"type":"join","v":1,"room":"demo","resume":"t","keep":true}`))
	f.Add([]byte(`{"type":"join","v":1,"room":"demo","resume":"t","ahead":true,"offer":"v=0"}`))
	f.Add([]byte(`{"type":"subscribe","seq":3,"video":["k.camera",null]}`))
	f.Add([]byte(`{"type":"offer","offer":"v=0\r\n"}`))
	f.Add([]byte(`{"type":"join","v":1,"room":"demo","offer":"v=0","hear":"loudest"}`))
	f.Add([]byte(`{"type":"join","v":1,"room":"demo","offer":"v=0","password":"tulip","pin":"4708"}`))
	f.Add([]byte(`{"type":"views","video":[{"width":640,"height":360,"priority":"speaker","visible":true},null]}`))
	f.Add([]byte(`{"type":"views","video":[{"width":-1,"height":9000,"priority":"first"}]}`))
	f.Add([]byte(`{"type":"chat","text":"x","video":{"not":"read"}}`))
	f.Add([]byte(`{"type":"act","id":"a1","verb":"bitrate","value":300000}`))
	f.Add([]byte(`{"type":"act","verb":"mute","peer_id":"ann","value":"mic"}`))
	f.Add([]byte(`{"type":"act","verb":"stage","value":{"on":true,"layout":"gallery"}}`))
	f.Add([]byte(`{"type":"act"}`))
	f.Add([]byte(`{"type":"people","id":"p1","after":"WyJhIiwiYiJd","match":"ann","limit":50}`))
	f.Add([]byte(`{"type":"people","limit":-1}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if j, err := ParseJoin(b); err == nil && (j.Room == "" || j.Offer == "" && (!j.Keep || j.Resume == "") || j.V != Version) {
			t.Errorf("taken without what it needs: %+v", j)
		}
		r, err := ParseRequest(b)
		if err != nil {
			return
		}
		if len(r.Video) > maxSlots || len(r.Audio) > maxSlots || len(r.Views) > maxSlots {
			t.Errorf("taken with %d, %d and %d slots", len(r.Video), len(r.Audio), len(r.Views))
		}
		if r.Type == "act" && r.Verb == "" {
			t.Error("taken without a verb")
		}
		for _, v := range r.Views {
			if v != nil && v.check() != nil {
				t.Errorf("taken with the view %+v", *v)
			}
		}
	})
}

func TestOutboxEndsASlowReader(t *testing.T) {
	o := NewOutbox()
	for range outboxLimit + 1 {
		o.Send(Pong{})
	}
	o.End(&Error{Kind: Ended, Code: Superseded})
	queue, end := o.Take()
	if len(queue) != outboxLimit || end == nil || end.Code != SlowConsumer {
		t.Errorf("%d waiting, ended %v: want %d and slow_consumer, which came first", len(queue), end, outboxLimit)
	}
}
