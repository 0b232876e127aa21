package entry

import (
	"slices"
	"strings"
	"testing"
)

// counts says in words, apart from the tables of the package, which attributes
// count from where; what is not named counts from nowhere.
var counts = map[Source]struct{ signedFirst, signedOnly, url string }{
	Native: {
		"roomId peerId displayName itisparticipant tokenLifetime video observer accessToken", "role canRecord waitingRoom startTime photo photoHash",
		"lang nameScreenDisabled controlsDisabled disableChat minimizeTiles sortPeers startWithFS autoplayWithoutAudioTrack micOff cameraOff hideControls hideInvite leaveUrl layout stripLayout",
	},
	GCore: {
		"roomId peerId displayName itisparticipant tokenLifetime video accessToken", "role canRecord waitingRoom startTime photo photoHash",
		"lang nameScreenDisabled controlsDisabled disableChat minimizeTiles sortPeers startWithFS autoplayWithoutAudioTrack",
	},
	MeetBit:    {"roomId", "peerId displayName role itisparticipant photo photoHash", ""},
	Callbridge: {"roomId displayName observer", "peerId role itisparticipant photo photoHash", "micOff cameraOff skipJoin layout stripLayout"},
	ImMail:     {"roomId displayName", "peerId role itisparticipant photo photoHash", "startRecording recordingEnabled micOff cameraOff hideInvite"},
	NanoMeet:   {"roomId", "peerId displayName role itisparticipant photo photoHash", ""},
}

// INV-06, GC-A08 to GC-A11, GC-A20: one case for each attribute and source.
// Covers F-051, GC-A08, GC-A09, GC-A11, GC-A20.
func TestWhereEachAttributeCountsFrom(t *testing.T) {
	for _, s := range allSources {
		for _, name := range allNames {
			is := func(list string) bool { return slices.Contains(strings.Fields(list), name) }
			c := counts[s]
			want := [3]string{}
			switch {
			case is(c.signedFirst):
				want = [3]string{"signed", "url", "signed"}
			case is(c.signedOnly):
				want = [3]string{"signed", "", "signed"}
			case is(c.url):
				want = [3]string{"", "url", "url"}
			}
			signed, url := Attributes{name: "signed"}, Attributes{name: "url"}
			got := [3]string{
				merge(sources[s].origins, signed, nil)[name],
				merge(sources[s].origins, nil, url)[name],
				merge(sources[s].origins, signed, url)[name],
			}
			if got != want {
				t.Errorf("%s of %s, signed, in the URL and both: %q, want %q", name, s, got, want)
			}
		}
	}
}

func TestAnEmptyTextIsNotGiven(t *testing.T) {
	got := merge(nativeOrigins, Attributes{DisplayName: " "}, Attributes{DisplayName: "Ann", Lang: "", NameScreenDisabled: ""})
	if got[DisplayName] != "Ann" {
		t.Errorf("a blank signed name hides %q", got[DisplayName])
	}
	if _, given := got[Lang]; given || !got.Bool(NameScreenDisabled, false) {
		t.Errorf("read %q", got)
	}
}
