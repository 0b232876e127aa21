package entry

import (
	"maps"
	"net/url"
	"slices"
	"strings"
)

// Names in URLs that are not those of the attributes.
var (
	spellings       = map[string]string{"peerID": PeerID, "disbleChat": DisableChat}
	callbridgeNames = map[string]string{
		"name": DisplayName, "skip_join": SkipJoin, "observer": Observer, "view": Layout, "strip_layout": StripLayout,
	}
	immailNames = map[string]string{
		"start_recording": StartRecording, "fileRecordingsEnabled": RecordingEnabled, "HIDE_INVITE_MORE_HEADER": HideInvite,
		"startWithAudioMuted": MicOff, "startWithVideoMuted": CameraOff,
	}
	// nativeNames are what partners' links call what we have, too, as far as no
	// two of them mean different things by a word: a link that is moved here by
	// hand keeps its meaning.
	nativeNames = map[string]string{
		"peerID": PeerID, "disbleChat": DisableChat,
		"name": DisplayName, "skip_join": NameScreenDisabled, "view": Layout, "strip_layout": StripLayout, "after_call_url": LeaveURL,
		"startWithAudioMuted": MicOff, "startWithVideoMuted": CameraOff, "HIDE_INVITE_MORE_HEADER": HideInvite,
	}
)

// ReadURL takes the attributes out of a page's query: of each name the source
// has, compared exactly, the first value. Nothing else is read; tokens and ids
// in the path are the caller's business.
func ReadURL(s Source, q url.Values) Attributes {
	r, a := sources[s], make(Attributes)
	if r.clean {
		q = trimmed(q)
	}
	if r.ownNames {
		for name := range r.origins {
			put(a, name, q[name])
		}
	}
	for spelling, name := range r.names {
		put(a, name, q[spelling])
	}
	if r.reads != nil {
		r.reads(q, a)
	}
	return a
}

// readNames joins the two halves of a name.
func readNames(q url.Values, a Attributes) {
	if name := strings.TrimSpace(q.Get("first_name") + " " + q.Get("last_name")); name != "" {
		a[DisplayName] = name
	}
}

// readMute reads a list of what is off at the start (CB-P04).
func readMute(q url.Values, a Attributes) {
	for what := range strings.SplitSeq(q.Get("mute"), ",") {
		switch strings.TrimSpace(what) {
		case "mic":
			a[MicOff] = "true"
		case "camera":
			a[CameraOff] = "true"
		}
	}
}

// readOthers reads what is several parameters, or a list, in partners' links
// and one attribute here.
func readOthers(q url.Values, a Attributes) {
	others := make(Attributes)
	readNames(q, others)
	readMute(q, others)
	for name, v := range others {
		put(a, name, []string{v})
	}
}

// put sets an attribute that is not yet there: a second spelling yields to the
// attribute's own name.
func put(a Attributes, name string, values []string) {
	if _, given := a[name]; !given && len(values) > 0 {
		a[name] = values[0]
	}
}

// trimmed takes the blanks away that broken lines leave around names and
// values, and the closing quote that a word processor makes (X-29, CB-A62).
func trimmed(q url.Values) url.Values {
	const around = " \t\r\n\"'“”‘’"
	out := make(url.Values, len(q))
	for _, name := range slices.Sorted(maps.Keys(q)) {
		clean := strings.Trim(name, around)
		if out.Has(clean) || len(q[name]) == 0 {
			continue
		}
		out.Set(clean, strings.Trim(q[name][0], around))
	}
	return out
}
