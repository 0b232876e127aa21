package edge

import (
	"strings"

	"github.com/meridian-video/meridian/edge/sfu"
	"github.com/meridian-video/meridian/geo"
)

// A track's id says what it is, so that whoever reads the roster knows:
// `<attachment>.<codec>.<kind>`.

// The kinds of published track.
const (
	trackMic        = "mic"
	trackCamera     = "camera"
	trackCamera2    = "camera2" // the camera again, in a codec that everyone can decode
	trackShare      = "share"
	trackShareAudio = "share_audio"
)

func trackID(attachment string, codec sfu.Codec, kind string) string {
	return attachment + "." + codec.String() + "." + kind
}

// splitTrack takes an id apart; what is missing is empty.
func splitTrack(id string) (attachment, codec, kind string) {
	rest, kind := cutLast(id)
	attachment, codec = cutLast(rest)
	return attachment, codec, kind
}

// cutLast cuts s at its last dot.
func cutLast(s string) (before, after string) {
	if i := strings.LastIndexByte(s, '.'); i >= 0 {
		return s[:i], s[i+1:]
	}
	return s, ""
}

// kindOf reads the medium of a track off its id.
func kindOf(track string) sfu.Kind {
	switch _, _, kind := splitTrack(track); kind {
	case trackMic, trackShareAudio:
		return sfu.Audio
	}
	return sfu.Video
}

func isScreen(track string) bool {
	_, _, kind := splitTrack(track)
	return kind == trackShare
}

func isAudio(track string) bool { return kindOf(track) == sfu.Audio }

func isShare(track string) bool { _, _, kind := splitTrack(track); return kind == trackShare }

// codecOf reads the codec of a track off its id.
func codecOf(track string) sfu.Codec {
	if _, codec, _ := splitTrack(track); sfu.ParseCodec(codec) != sfu.NoCodec {
		return sfu.ParseCodec(codec)
	}
	if isAudio(track) {
		return sfu.Opus
	}
	return sfu.VP8
}

// playable returns the track that carries a wanted one for a client that takes
// the given codecs: itself, or of a camera in another codec its second encoding.
func playable(track string, codecs sfu.CodecSet, live map[string]geo.NodeID) string {
	attachment, _, kind := splitTrack(track)
	if kind != trackCamera || codecs.Has(codecOf(track)) {
		return track
	}
	for c := sfu.VP8; c <= sfu.AV1; c++ {
		second := trackID(attachment, c, trackCamera2)
		if _, ok := live[second]; ok && codecs.Has(c) {
			return second
		}
	}
	return track
}
