// Package tracks knows, for one node, which UpTrack carries a published track:
// that of a publisher attached here, or one fed over a relay link and shared by
// everyone on this node who wants the track.
//
// A remote track is subscribed when the first lease is taken and let go when
// the last one is released, so it crosses a link once and only while wanted, and
// of its layers those that somebody here can use (Config.Wanted). The package
// knows neither people nor permissions: whoever takes a lease has
// checked that the track belongs to the room.
package tracks
