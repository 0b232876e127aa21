package browser

import "testing"

// partnerPage embeds a meeting, destroys it and embeds it again, as React's
// StrictMode does, and writes down what it is told.
const partnerPage = `<div id=m style="width:800px;height:500px"></div>
HEARING<script>
const options = {url: "MEET/m/shop"};
MeridianEmbed.createMeeting(m, options).destroy();
window.meeting = MeridianEmbed.createMeeting(m, options);
hear(meeting);
</script>`

// TestAMeetingInAPartnersPage: pages of three sites over HTTPS, nothing stored
// for third parties. The listed one embeds and commands, the other sees nothing.
// Covers F-125, F-127.
func TestAMeetingInAPartnersPage(t *testing.T) {
	t.Parallel()
	s := newSites(t, "fra")
	s.serve("/", partnerPage, nil)
	page := New(t, "partner", Options{Sites: s.pin})
	page.Open(s.partner + "/")
	is := func(what, js, want string) { t.Helper(); page.answers(what, js, want) }
	told := func(what string) { t.Helper(); page.told(what) }
	is("joins", `meeting.join("Ada").then(s => s.phase, e => e.code)`, `"live"`)
	told("joined")
	is("one frame", `document.querySelectorAll("iframe").length`, `1`)
	is("mutes", `meeting.setMicrophone(false).then(m => m.mic, e => e.code)`, `false`)
	told("mediachanged")
	is("writes", `meeting.sendMessage("hello").then(() => "sent", e => e.code)`, `"sent"`)
	told("chatmessage:hello")
	is("finds nothing in the way", `meeting.diagnose().then(r => r.ok)`, `true`)
	if n := s.cookies.Load(); n > 0 {
		t.Errorf("%d requests to the third party had a cookie; its storage was to be blocked", n)
	}
	page.Shot("embedded")
	is("leaves", `meeting.leave().then(() => "left", e => e.code)`, `"left"`)
	told("left:left")

	// As a site of its own it is sent what it sets, so the count above can tell.
	page.Open(s.meet + "/m/shop")
	page.Open(s.meet + "/m/shop")
	if s.cookies.Load() == 0 {
		t.Error("the probe sets no cookie even for the first party")
	}

	stranger := New(t, "stranger", Options{Sites: s.pin})
	stranger.Open(s.strange + "/")
	code, err := Eval[string](stranger, `meeting.ready().then(() => "in", e => e.code)`)
	if err != nil || code != "no_answer" {
		t.Errorf("a site that is not listed gets %q, %v", code, err)
	}
	stranger.Shot("refused")
}
