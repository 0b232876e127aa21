package browser

import (
	"fmt"
	"testing"
)

// TestAPartnersModerator: two pages of a partner; one site moderates by the
// library what the other's visitor may do, and hears of it.
// Covers F-084.
func TestAPartnersModerator(t *testing.T) {
	s := newSites(t, "fra")
	room := NewRoom(s.c, "board", object{"settings": object{"lobby": true}})
	const page = `<div id=m style="width:800px;height:500px"></div>HEARING<script>window.meeting = MeridianEmbed.createMeeting(m, OPTIONS); hear(meeting);
	const named = async name => (await meeting.state()).participants.find(p => p.name === name);
	const code = p => p.then(() => "", e => e.code);</script>`
	s.serve("/mod", replace(page, "OPTIONS", fmt.Sprintf(`{url: "MEET/m/board", token: %q}`, room.Moderator("Mara"))), nil)
	s.serve("/guest", replace(page, "OPTIONS", `{url: "MEET/m/board", displayName: "Gil"}`), nil)
	mod, guest := New(t, "mod", Options{Sites: s.pin}), New(t, "guest", Options{Sites: s.pin, Width: 900, Height: 600})

	mod.Open(s.partner + "/mod")
	mod.answers("comes in", `meeting.join().then(s => s.phase, e => e.code)`, `"live"`)
	guest.Open(s.partner + "/guest")
	guest.answers("waits", `meeting.join().then(s => s.phase, e => e.code)`, `"waiting"`)
	guest.told("waiting")
	mod.told("lobbychanged:Gil")
	mod.answers("refuses somebody who is not there", `code(meeting.admit("nobody")).then(c => c !== "")`, `true`)
	mod.answers("admits", `meeting.state().then(s => code(meeting.admit(s.waiting[0].peerId)))`, `""`)
	guest.told("joined")
	mod.told("participantjoined")

	guest.answers("may not kick", `named("Mara").then(p => code(meeting.kick(p.peerId)))`, `"not_allowed"`)
	guest.answers("may not end", `code(meeting.endForAll())`, `"not_allowed"`)
	guest.answers("raises a hand", `code(meeting.raiseHand())`, `""`)
	mod.told("handchanged:true")
	guest.answers("lowers it", `code(meeting.raiseHand(false))`, `""`)
	mod.told("handchanged:false")
	guest.answers("reacts", `code(meeting.react("👏"))`, `""`)
	mod.told("reaction:👏")

	guest.answers("speaks", `meeting.setMicrophone(true).then(m => m.mic, e => e.code)`, `true`)
	mod.answers("mutes", `named("Gil").then(p => code(meeting.mute(p.peerId)))`, `""`)
	guest.told("mediachanged")
	guest.shows("that it is muted", `meeting.state().then(s => !s.media.mic)`)
	mod.answers("switches all cameras off", `code(meeting.muteAll("camera"))`, `""`)
	guest.shows("no camera", `meeting.state().then(s => !s.media.camera)`)
	mod.answers("makes a moderator", `named("Gil").then(p => code(meeting.setRole(p.peerId, "moderator")))`, `""`)
	guest.shows("the role", `named("Gil").then(p => p.role === "moderator")`)
	mod.answers("locks", `code(meeting.lock())`, `""`)
	mod.answers("and unlocks", `code(meeting.lock(false))`, `""`)

	mod.answers("takes no picture of nobody", `code(meeting.screenshot("nobody"))`, `"no_such_peer"`)
	mod.answers("takes none without a camera", `named("Gil").then(p => code(meeting.screenshot(p.peerId)))`, `"no_video"`)
	guest.answers("shows itself", `meeting.setCamera(true).then(m => m.camera, e => e.code)`, `true`)
	mod.shows("a decodable picture of Gil", `named("Gil").then(p => meeting.screenshot(p.peerId)).then(async url => {
		const i = new Image(); i.src = url; await i.decode(); window.shot = [i.width, i.height, url.length]; return i.width > 100 && url.startsWith("data:image/jpeg") }, () => false)`)
	if shot, err := Eval[[]int](mod, `shot`); err == nil {
		t.Logf("a picture of %d × %d, %d characters", shot[0], shot[1], shot[2])
	}

	mod.answers("puts out", `named("Gil").then(p => code(meeting.kick(p.peerId)))`, `""`)
	guest.told("left:kicked")
	mod.told("participantleft:kicked")
	guest.answers("knocks again", `meeting.join().then(s => s.phase, e => e.code)`, `"waiting"`)
	mod.shows("who waits", `meeting.state().then(s => s.waiting.length === 1)`)
	mod.answers("turns down", `meeting.state().then(s => code(meeting.reject(s.waiting[0].peerId)))`, `""`)
	guest.told("error:denied")
	mod.answers("ends for all", `code(meeting.endForAll())`, `""`)
	mod.told("left:room_closed")
}
