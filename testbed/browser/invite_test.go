package browser

import (
	"fmt"
	"testing"
)

// TestTheInvitation: who invites passes on the room's address and nothing of
// their own, by whatever way the device has; a link can leave the button out.
func TestTheInvitation(t *testing.T) {
	t.Parallel()
	_, base, token := branded(t)
	ann := New(t, "ann", Options{Scripts: []string{bare}})
	const invites = `[...document.querySelectorAll("button")].filter(b => ["Invite", "Copy link"].includes(b.innerText.trim())).length`

	// Covers F-086.
	t.Run("a link without the token, shared or copied", func(t *testing.T) {
		ann := ann.within(t)
		ann.Open(base + "/m/board?peerId=ann&nameScreenDisabled=1&token=" + token)
		ann.isIn()
		ann.answers("has a device that shares", `(Object.defineProperty(navigator, "share", {value: async d => { window.passed = d.url }, configurable: true}), 1)`, `1`)
		ann.Click("button.room")
		ann.press("Invite")
		ann.shows("what it shares", fmt.Sprintf(`window.passed === %q`, base+"/m/board"))
		ann.Click("button.room")
		ann.answers("has one that only copies", `(Object.defineProperty(navigator, "share", {value: undefined}), navigator.clipboard.writeText = async text => { window.copied = text }, 1)`, `1`)
		ann.Click("button.room")
		ann.press("Invite")
		ann.shows("what it copies", fmt.Sprintf(`window.copied === %q`, base+"/m/board"))
	})
	// Covers F-086, F-135.
	t.Run("no button where the link says so, under either name", func(t *testing.T) {
		ann := ann.within(t)
		for _, c := range []struct {
			query string
			want  int // beside the people's place, and with the room's facts
		}{{"hideInvite=false", 2}, {"hideInvite=true", 0}, {"HIDE_INVITE_MORE_HEADER=true", 0}} {
			ann.Open(base + "/m/alone?displayName=Ann&nameScreenDisabled=1&" + c.query)
			ann.isIn()
			ann.Click("button.room")
			ann.shows("the room's facts", `document.querySelector(".info dl") !== null && document.querySelector(".alone") !== null`)
			ann.answers(c.query, invites, fmt.Sprint(c.want))
		}
	})
}
