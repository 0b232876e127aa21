package signal

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

func TestViewsAreRead(t *testing.T) {
	r, err := ParseRequest([]byte(`{"type":"views","video":[{"width":640,"height":360,"priority":"pinned","visible":true},null,{"width":0,"height":8192,"priority":"other"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Views) != 3 || *r.Views[0] != (View{640, 360, ForPinned, true}) || r.Views[1] != nil || *r.Views[2] != (View{0, 8192, ForOther, false}) {
		t.Errorf("views = %+v", r.Views)
	}
	if r.Video != nil {
		t.Errorf("views name the tracks %v", r.Video)
	}
}

// TestBadViewsNameTheField: whoever writes a client must see what is wrong.
func TestBadViewsNameTheField(t *testing.T) {
	const good = `{"width":1,"height":1,"priority":"share"}`
	for _, c := range []struct{ name, video, want string }{
		{"priority unknown", `[` + good + `,{"width":1,"height":1,"priority":"first"}]`, `video[1].priority: "first" is not known`},
		{"priority missing", `[{"width":1,"height":1}]`, `video[0].priority: "" is not known`},
		{"width negative", `[{"width":-1,"height":1,"priority":"other"}]`, "video[0].width: -1"},
		{"height beyond 8K", `[null,null,{"width":1,"height":8193,"priority":"other"}]`, "video[2].height: 8193"},
		{"width broken", `[{"width":1.5,"height":1,"priority":"other"}]`, "video: width: a number 1.5 does not fit"},
		{"tracks", `["k3.vp8.camera"]`, "video: a string does not fit"},
		{"no list", `{"0":null}`, "video: a object does not fit"},
		{"too many", `[` + strings.Repeat(good+",", maxSlots) + good + `]`, "more than 64 slots"},
	} {
		_, err := ParseRequest(fmt.Appendf(nil, `{"type":"views","video":%s}`, c.video))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one that says %s", c.name, err, c.want)
			continue
		}
		if e := asError(err, Failed); e.Code != BadMessage {
			t.Errorf("%s: code %s", c.name, e.Code)
		}
	}
}

// TestVideoIsReadByType: only subscribe and views have one.
func TestVideoIsReadByType(t *testing.T) {
	r, err := ParseRequest([]byte(`{"type":"subscribe","video":["k3.vp8.camera",null]}`))
	if err != nil || len(r.Video) != 2 || *r.Video[0] != "k3.vp8.camera" || r.Video[1] != nil || r.Views != nil {
		t.Errorf("subscribe = %+v, %v", r, err)
	}
	if r, err = ParseRequest([]byte(`{"type":"subscribe","audio":["k3.opus.mic"]}`)); err != nil || r.Video != nil || len(r.Audio) != 1 {
		t.Errorf("subscribe to sound alone = %+v, %v", r, err)
	}
	if _, err = ParseRequest([]byte(`{"type":"subscribe","video":[{"width":1}]}`)); err == nil || !strings.Contains(err.Error(), "video: a object does not fit") {
		t.Errorf("subscribe with views: %v", err)
	}
	if r, err = ParseRequest([]byte(`{"type":"ping","t":1,"video":[{"later":"ignored"}]}`)); err != nil || r.Video != nil || r.Views != nil {
		t.Errorf("a ping with an unknown video = %+v, %v", r, err)
	}
}

// TestLayersOnTheWire holds what the page reads against what is written.
func TestLayersOnTheWire(t *testing.T) {
	track := "k3.opus.mic"
	for _, c := range []struct {
		message any
		want    string
	}{
		{Layers{"layers", []*SlotLayer{{SlotPaused, PausedBandwidth, -1, -1, 3, 0}, nil}},
			`{"type":"layers","video":[{"state":"paused","reason":"bandwidth","spatial":-1,"temporal":-1,"layers":3,"bitrate":0},null]}`},
		{Encode{"encode", EncodeUp{Camera: &Watched{3}, Share: &Watched{0}}},
			`{"type":"encode","up":{"camera":{"layers":3},"share":{"layers":0}}}`},
		{Heard{"heard", []*string{&track, nil}}, `{"type":"heard","audio":["k3.opus.mic",null]}`},
		{Speaking{"speaking", []string{"ann"}, "ann"}, `{"type":"speaking","peer_ids":["ann"],"dominant":"ann"}`},
		{BitrateCap{"bitrate", 1_200_000}, `{"type":"bitrate","up":1200000}`},
		{Quality{"quality", Score{4.1, CauseNone}, Score{3.2, CauseDownlink}},
			`{"type":"quality","up":{"score":4.1,"cause":"none"},"down":{"score":3.2,"cause":"downlink"}}`},
	} {
		if got, err := json.Marshal(c.message); err != nil || string(got) != c.want {
			t.Errorf("%s, %v\nwant %s", got, err, c.want)
		}
	}
}
