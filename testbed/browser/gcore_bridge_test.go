package browser

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/meridian-video/meridian/testbed/client"
)

// gcorePage is a partner's page as the guide of G-Core Meet has it: a frame, the
// script, a bridge once the frame has loaded. It counts what comes back.
const gcorePage = `<iframe id="meetframe" allow="camera; microphone; fullscreen; display-capture" style="width:800px;height:500px"
	src="MEET/call/?roomId=serv1abc&pop=POP&PERSON"></iframe>
<button id=go onclick="doing()">Go</button>
<script type="text/javascript" charset="utf-8" src="MEET/meetBridgeApi.js"></script>
<script>
var meetIframeBridge;
window.told = [], window.asked = 0, window.answered = 0, window.twice = [];
const called = new Set();
const events = ["join", "switchOnCamera", "switchOffCamera", "errorGetCamera", "switchOnMic", "switchOffMic", "errorGetMic", "switchOnShare", "switchOffShare",
	"errorGetShare", "newPeer", "peerClosed", "connectionFailed", "disconnected", "connectionClosed", "connectionError", "playingAudioPrevent", "switchOnPin", "switchOffPin", "errorGetPin"];
const call = (name, data) => new Promise(done => { let n = 0; asked++; called.add(name);
	meetIframeBridge.method({ name, data, callback: (e) => { answered++; if (++n > 1) twice.push(name); done(e); return true; } }); });
document.getElementById("meetframe").addEventListener("load", function () {
	meetIframeBridge = new MeetIframeBridge.default({ element: document.getElementById("meetframe"), roomId: "serv1abc" });
	for (const name of events) meetIframeBridge.on(name, (e) => { told.push(name + JSON.stringify(e)); });
});
</script>`

// refusing makes a computer of the frame's whose camera is denied, whose
// microphone is taken, whose person shares nothing, and which holds sound back
// until it is asked for again.
const refusing = `(() => { const d = navigator.mediaDevices, play = HTMLMediaElement.prototype.play; let asked = 0;
	const no = (name) => Promise.reject(new DOMException("", name));
	d.getUserMedia = (c) => no(c.video ? "NotAllowedError" : "NotReadableError");
	d.getDisplayMedia = () => no("NotAllowedError");
	HTMLAudioElement.prototype.play = function () { return asked++ ? play.call(this) : no("NotAllowedError") };
	return true })()`

// partner is a page of a partner and what is in its frame.
type partner struct {
	*Page
	in *Page
}

// call asks a method and compares what its callback gets.
func (p partner) call(name, data, want string) {
	p.t.Helper()
	p.answers(name+" "+data, fmt.Sprintf("call(%q, %s)", name, data), want)
}

// sends is what somebody has on, as the room knows it.
func (s State) sends(name string) (on struct{ Mic, Camera, Share bool }) {
	for _, p := range s.People {
		if p.Name == name {
			on = p.Media
		}
	}
	return on
}

// begins opens the page and waits for its bridge.
func (s *sites) begins(t *testing.T, path string, o Options) partner {
	t.Helper()
	o.Sites, o.Width, o.Height = s.pin, 900, 600
	p := New(t, strings.TrimPrefix(path, "/"), o)
	p.Open(s.partner + path)
	p.shows("a bridge", "typeof meetIframeBridge === 'object'")
	return partner{p, p.inside()}
}

func (p partner) within(t *testing.T) partner { return partner{p.Page.within(t), p.in.within(t)} }

// TestGCoresBridge: partners' pages on a site of their own, people at three POPs.
// Every method and every event of the bridge, by the guide's own lines.
// Covers GC-A50, GC-A60.
func TestGCoresBridge(t *testing.T) {
	s := newSites(t, "fra", "iad", "syd")
	var made, link struct{ ID, Token string }
	s.c.Call("POST", "/companies/"+s.c.Company+"/rooms", map[string]any{"public_id": "serv1abc", "kind": "call", "open": true}, &made)
	s.c.Call("POST", "/companies/"+s.c.Company+"/rooms/"+made.ID+"/tokens", map[string]any{"name": "Mara", "role": "moderator"}, &link)
	s.c.WaitKnown()
	for path, person := range map[string][2]string{
		"/mod": {"fra", "peerId=7&token=" + link.Token}, "/tom": {"iad", "peerId=tom%40partner.test&displayName=Tom&controlsDisabled=true"},
		"/ann": {"syd", "displayName=Ann&peerId=ann&nameScreenDisabled=true"},
	} {
		s.serve(path, strings.NewReplacer("POP", person[0], "PERSON", person[1]).Replace(gcorePage), nil)
	}
	mod, tom := s.begins(t, "/mod", Options{}), s.begins(t, "/tom", Options{Cameras: 3})

	// Covers GC-A24, GC-A51.
	t.Run("people join with their devices, with none, and with a certain one", func(t *testing.T) {
		mod, tom := mod.within(t), tom.within(t)
		tom.in.shows("a name that stands", `document.body.innerText.includes("Tom") && !document.querySelector("#name:not([readonly])")`)
		mod.call("join", `{constraints: {video: true, audio: true}}`, `true`)
		for _, e := range []string{`join{"peerId":"7","displayName":"Mara"}`, `switchOnMic{"peerId":"7","displayName":"Mara"}`, `switchOnCamera{"peerId":"7","displayName":"Mara"}`} {
			mod.told(e)
		}
		tom.call("join", `{constraints: {video: false, audio: false}}`, `true`)
		tom.call("isCameraEnabled", `undefined`, `false`)
		tom.call("isMicroEnabled", `undefined`, `false`)
		tom.told(`join{"peerId":"tom@partner.test","displayName":"Tom"}`)
		mod.told(`newPeer{"peerId":"tom@partner.test","displayName":"Tom"}`)
		mod.in.until("sees Tom at another POP", func(s State) bool { return len(s.People) == 2 && s.POP == "fra" && s.People[1].POP == "iad" })
	})
	// Covers GC-A52.
	t.Run("what is switched on is seen by others, told and answered", func(t *testing.T) {
		mod, tom := mod.within(t), tom.within(t)
		for _, c := range []struct {
			what, on, off, is, told string
			seen                    func(State) bool
		}{
			{"mic", "enableMic", "disableMic", "isMicroEnabled", "Mic", func(s State) bool { return s.sends("Tom").Mic }},
			{"camera", "enableWebcam", "disableWebcam", "isCameraEnabled", "Camera", func(s State) bool { return s.sends("Tom").Camera }},
			{"share", "enableShare", "disableShare", "isShareEnabled", "Share", func(s State) bool { return s.sends("Tom").Share }},
		} {
			tom.call(c.on, `undefined`, `true`)
			began := time.Now()
			mod.in.until("sees the "+c.what, c.seen)
			t.Logf("%s: seen %v after it was on", c.on, time.Since(began).Round(time.Millisecond))
			tom.call(c.is, `undefined`, `true`)
			tom.told(`switchOn` + c.told + `{"peerId":"tom@partner.test","displayName":"Tom"}`)
			tom.call(c.off, `undefined`, `true`)
			mod.in.until("sees the "+c.what+" no more", func(s State) bool { return !c.seen(s) })
			tom.call(c.is, `undefined`, `false`)
			tom.told(`switchOff` + c.told + `{"peerId":"tom@partner.test","displayName":"Tom"}`)
		}
	})
	// Covers GC-A38.
	t.Run("a name that the link gives is changed by the bridge alone", func(t *testing.T) {
		mod, tom := mod.within(t), tom.within(t)
		tom.call("changeDisplayName", `"Tim"`, `true`)
		mod.in.until("sees Tim", func(s State) bool { return len(s.People) == 2 && s.People[1].Name == "Tim" })
		tom.call("enableWebcam", `undefined`, `true`)
		tom.told(`switchOnCamera{"peerId":"tom@partner.test","displayName":"Tim"}`)
	})
	// Covers GC-A53, GC-A56.
	t.Run("volume and silence are for own ears", func(t *testing.T) {
		mod, tom := mod.within(t), tom.within(t)
		for data, volume := range map[string]float64{"0": 0, "50": 50, "500": 100, "-5": 0} {
			tom.call("setVolume", data, `true`)
			tom.in.until("plays at "+data, func(s State) bool {
				return s.Hearing.Volume == volume && len(s.Hearing.Elements) > 0 && s.Hearing.Elements[0].Volume == volume/100
			})
		}
		tom.call("muteAudio", `undefined`, `true`)
		tom.in.until("hears nothing", func(s State) bool { return s.Hearing.Muted && s.Hearing.Elements[0].Muted })
		if m, err := mod.in.State(); err != nil || m.Hearing.Muted {
			t.Errorf("another is muted as well: %v", err)
		}
		tom.call("unmuteAudio", `undefined`, `true`)
		tom.in.until("hears again", func(s State) bool { return !s.Hearing.Muted })
		tom.call("playAudio", `undefined`, `true`)
	})
	// Covers GC-A54.
	t.Run("a picture of who has one, an error of others", func(t *testing.T) {
		mod := mod.within(t)
		mod.shows("a picture of Tim", `call("getScreenshotByPeerId", "tom@partner.test").then(async url => {
			const i = new Image(); i.src = url; await i.decode(); return i.width > 100 && url.startsWith("data:image/png;base64,") }).catch(() => false)`)
		mod.call("getScreenshotByPeerId", `"nobody"`, `{"error":"no_such_peer"}`)
	})
	// Covers GC-A36.
	t.Run("the controls go and come back", func(t *testing.T) {
		mod, tom := mod.within(t), tom.within(t)
		tom.in.shows("tiles without controls", `!!document.querySelector(".tile") && !document.querySelector(".controls")`)
		tom.call("disableWebcam", `undefined`, `true`)
		mod.in.until("sees no camera", func(s State) bool { return !s.sends("Tim").Camera })
		mod.call("getScreenshotByPeerId", `"tom@partner.test"`, `{"error":"no_video"}`)
		tom.call("setControlsVisible", `true`, `true`)
		tom.in.shows("controls", `!!document.querySelector(".controls")`)
		tom.call("setControlsVisible", `false`, `true`)
		tom.in.shows("none again", `!document.querySelector(".controls")`)
	})
	// Covers GC-A55.
	t.Run("one device changes, the other goes on", func(t *testing.T) {
		tom := tom.within(t)
		tom.call("enableWebcam", `undefined`, `true`)
		tom.call("enableMic", `undefined`, `true`)
		both := func(s State) bool { return s.sends("Tim").Mic && s.sends("Tim").Camera }
		before := tom.in.until("sends both", both)
		label, err := Eval[string](tom.in, `navigator.mediaDevices.enumerateDevices().then(l => l.filter(d => d.kind === "videoinput").at(-1).label)`)
		if err != nil {
			t.Fatal(err)
		}
		tom.call("changeDevice", fmt.Sprintf(`{constraints: {video: {deviceId: "of this site", label: %q, groupId: "g", kind: "video"}}}`, label), `true`)
		tom.call("changeDevice", `{constraints: {audio: {deviceId: "nobody's", label: "", kind: "audio"}}}`, `{"error":"no_such_device"}`)
		if after, err := tom.in.State(); err != nil || after.Negotiations != before.Negotiations || !both(after) {
			t.Errorf("%d negotiations became %d, %+v, %v", before.Negotiations, after.Negotiations, after.People, err)
		}
	})
	// Covers GC-A57.
	t.Run("a moderator bounds all, others themselves", func(t *testing.T) {
		mod, tom := mod.within(t), tom.within(t)
		keeps := func(p partner, max float64) {
			p.in.Until(startTimeout, fmt.Sprintf("keeps to %.0f", max), func(s State) error {
				if up := s.sentVideo(); up == 0 || up > max*capSlack {
					return fmt.Errorf("sends %.0f bit/s", up)
				}
				return nil
			})
		}
		mod.call("setBitrate", `300000`, `true`)
		keeps(tom, 300_000)
		tom.call("setBitrate", `150000`, `true`)
		keeps(tom, 150_000)
		mod.in.until("has the bound of all", func(s State) bool { return s.Rules.Bitrate == 300_000 })
		tom.call("setBitrate", `1000`, `{"error":"bad_message"}`)
	})
	t.Run("full screen upon a click, and a language without a reload", func(t *testing.T) {
		tom := tom.within(t)
		tom.call("isFullscreenEnabled", `undefined`, `false`)
		tom.answers("is told what a click does", `(window.doing = () => { call("enableFullscreen").then(e => { window.full = e }) }, 1)`, `1`)
		tom.Click("#go")
		tom.shows("full screen", `window.full === true`)
		tom.call("isFullscreenEnabled", `undefined`, `true`)
		tom.call("disableFullscreen", `undefined`, `true`)
		tom.call("setLocale", `"ru"`, `true`)
		tom.in.until("is Russian", func(s State) bool { return s.Lang == "ru" })
		tom.call("setLocale", `"en"`, `true`)
	})
	// Covers GC-A58.
	t.Run("a pin enlarges, restores and fails with its events", func(t *testing.T) {
		mod := mod.within(t)
		mod.call("enablePin", `"tom@partner.test"`, `true`)
		mod.told(`switchOnPin{"peerId":"tom@partner.test"}`)
		mod.in.until("has Tim large", func(s State) bool { return s.Stage.Large == "person:tom@partner.test" })
		mod.call("disablePin", `undefined`, `true`)
		mod.told(`switchOffPin{}`)
		mod.call("enablePin", `"nobody"`, `{"error":"no_such_peer"}`)
		mod.told(`errorGetPin{"peerId":"nobody"}`)
	})
	// Covers GC-A59.
	t.Run("a moderator switches off what others send", func(t *testing.T) {
		mod, tom := mod.within(t), tom.within(t)
		const name = `{"peerId":"tom@partner.test","displayName":"Tim"}`
		for _, all := range []string{"disableAllMics", "disableAllCameras"} {
			tom.call(all, `undefined`, `{"error":"not_allowed"}`)
		}
		tom.call("disabledTrackByModerator", `{userPeerId: "7", kind: "audio"}`, `{"error":"not_allowed"}`)
		mod.call("disabledTrackByModerator", `{userPeerId: "tom@partner.test", kind: "audio"}`, `true`)
		tom.told(`switchOffMic` + name)
		mod.call("disabledTrackByModerator", `{userPeerId: "tom@partner.test", kind: "video"}`, `true`)
		tom.told(`switchOffCamera` + name)
		tom.answers("forgets", `(told.length = 0)`, `0`)
		tom.call("enableMic", `undefined`, `true`)
		tom.call("enableWebcam", `undefined`, `true`)
		mod.call("disableAllMics", `undefined`, `true`)
		mod.call("disableAllCameras", `undefined`, `true`)
		tom.told(`switchOffMic` + name)
		tom.told(`switchOffCamera` + name)
		mod.call("isMicroEnabled", `undefined`, `true`)
		mod.call("isCameraEnabled", `undefined`, `true`)
	})
	// Covers GC-A61, GC-A62.
	t.Run("devices, screens and sound that are refused are told", func(t *testing.T) {
		ann := s.begins(t, "/ann", Options{})
		const name = `{"peerId":"ann","displayName":"Ann"}`
		ann.in.answers("is a computer that refuses", refusing, `true`)
		ann.call("join", `{constraints: {video: false, audio: false}}`, `true`)
		ann.call("enableMic", `undefined`, `{"error":"mic_busy"}`)
		ann.call("enableWebcam", `undefined`, `{"error":"camera_denied"}`)
		ann.call("enableShare", `undefined`, `{"error":"share_denied"}`)
		for _, e := range []string{"errorGetCamera" + name, "errorGetMic" + name, "errorGetShare" + name, "playingAudioPrevent{}"} {
			ann.told(e)
		}
		ann.call("playAudio", `undefined`, `true`)
		mod.told(`newPeer` + name)
		ann.in.tap(`.controls [aria-label="Leave"]`)
		ann.told("connectionClosed{}")
		mod.told(`peerClosed` + name)
		ann.answers("is refused with a word", `call("kick").then(e => e.error)`, `"no_such_method"`)
	})
	// Covers GC-A22.
	t.Run("who comes elsewhere by the same id ends the first", func(t *testing.T) {
		tom := tom.within(t)
		ctx, cancel := context.WithTimeout(t.Context(), startTimeout)
		defer cancel()
		again, err := client.Join(ctx, client.Options{WS: "ws" + s.c.Edges["syd"].URL[len("http"):] + "/ws", Room: "serv1abc", Name: "Tom", Peer: "tom@partner.test"})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(again.Close)
		tom.told("disconnected{}")
	})
	// Covers GC-A62.
	t.Run("a network that is gone is told at once, and when the place is lost", func(t *testing.T) {
		mod := mod.within(t)
		for _, e := range s.c.Edges {
			e.Freeze()
		}
		mod.told("connectionFailed{}")
		mod.told("disconnected{}")
		for _, e := range s.c.Edges {
			e.Thaw()
		}
	})
	for _, p := range []partner{mod, tom} {
		p.answers("every callback came once", `[asked - answered, twice]`, `[0,[]]`)
	}
}

// TestGCoresBridgeIsToldWhyNot: an invalid token, in the callback and as an event.
func TestGCoresBridgeIsToldWhyNot(t *testing.T) {
	s := newSites(t, "fra")
	s.serve("/late", strings.NewReplacer("POP", "fra", "PERSON", "token=nonsense&nameScreenDisabled=true").Replace(gcorePage), nil)
	late := s.begins(t, "/late", Options{})
	late.call("join", `{constraints: {video: false, audio: false}}`, `{"error":"token_malformed"}`)
	late.told(`connectionError{"peerId":""`)
}

// TestGCoresBridgeInAWebView: an app shows the partner's page on a phone, which
// joins by the bridge alone, and does nothing before. Unframed it goes straight in.
// Covers GC-A35, GC-A83.
func TestGCoresBridgeInAWebView(t *testing.T) {
	s := newSites(t, "fra")
	s.serve("/app", strings.NewReplacer("POP", "fra", "PERSON", "displayName=Ann&peerId=ann&nameScreenDisabled=true").Replace(gcorePage), nil)
	p := New(t, "app", Options{Sites: s.pin, Width: 390, Height: 844})
	p.phone()
	p.Open(s.partner + "/app")
	p.shows("a bridge", "typeof meetIframeBridge === 'object'")
	in := p.inside()
	in.until("waits for the bridge", func(s State) bool { return s.Phase == "idle" })
	in.answers("neither asks nor opens anything", `[document.querySelectorAll("input, video, button").length, window.meridian.state().media.mic]`, `[0,false]`)
	p.answers("joins", `call("join", {constraints: {video: true, audio: true}})`, `true`)
	p.told(`join{"peerId":"ann","displayName":"Ann"}`)
	p.told(`switchOnMic{"peerId":"ann","displayName":"Ann"}`)
	p.told(`switchOnCamera{"peerId":"ann","displayName":"Ann"}`)
	p.answers("sends a picture", `call("isCameraEnabled")`, `true`)
	p.Open(s.meet + "/call/?roomId=serv1abc&nameScreenDisabled=true&displayName=Bo")
	p.isIn()
}
