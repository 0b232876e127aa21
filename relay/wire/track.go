package wire

import "encoding/binary"

// Subscribe asks a node for a track it has or can get. Path holds node ids from the node
// that first wanted the track towards the origin, the sender last; it is how loops are
// seen.
type Subscribe struct {
	Company, Room, Track string
	Epoch                uint32
	Path                 []string
	Trace                string // id that follows a join through edge, home and relay
	Layers               Layers // wanted from the start; zero is the lowest alone
	Origin               string // node whose track it is; empty: the node that is asked
}

// AppendSubscribe appends the frame. Media of the track will carry alias, which the
// subscriber chooses, unique among its subscriptions on the link.
func AppendSubscribe(dst []byte, alias uint32, s Subscribe) []byte {
	at := len(dst)
	dst = begin(dst, TypeSubscribe)
	dst = binary.BigEndian.AppendUint32(dst, alias)
	dst = appendText(dst, s.Company, MaxName)
	dst = appendText(dst, s.Room, MaxName)
	dst = appendText(dst, s.Track, MaxName)
	dst = binary.BigEndian.AppendUint32(dst, s.Epoch)
	dst = appendPath(dst, s.Path)
	dst = appendText(dst, s.Trace, MaxName)
	dst = s.Layers.append(dst)
	dst = appendText(dst, s.Origin, MaxName)
	return end(dst, at)
}

// DecodeSubscribe decodes the body of a Subscribe.
func DecodeSubscribe(body []byte) (alias uint32, s Subscribe, err error) {
	c := cursor{b: body}
	alias = c.u32()
	s = Subscribe{Company: c.text(MaxName), Room: c.text(MaxName), Track: c.text(MaxName), Epoch: c.u32()}
	s.Path, s.Trace, s.Layers = c.path(), c.text(MaxName), c.layers()
	if c.more() { // peers before transit end here
		s.Origin = c.text(MaxName)
	}
	return alias, s, wrap("subscribe", c.err)
}

// appendPath appends at most MaxPath node ids.
func appendPath(dst []byte, path []string) []byte {
	path = path[:min(len(path), MaxPath)]
	dst = append(dst, byte(len(path)))
	for _, node := range path {
		dst = appendText(dst, node, MaxName)
	}
	return dst
}

func (c *cursor) path() (path []string) {
	hops := int(c.u8())
	if c.err == nil && hops > MaxPath {
		c.err = ErrTooLarge
		return nil
	}
	for range hops {
		path = append(path, c.text(MaxName))
	}
	return path
}

// The kinds of track.
const (
	KindAudio uint8 = 1
	KindVideo uint8 = 2
)

// TrackInfo describes a granted track.
type TrackInfo struct {
	Kind      uint8  // KindAudio or KindVideo
	Codec     string // as in SDP, "opus" or "VP8"
	ClockRate uint32 // Hz of the RTP timestamp
}

// AppendAccepted appends the frame. path holds the nodes that the track comes through,
// the serving one first and the origin last.
func AppendAccepted(dst []byte, info TrackInfo, path []string) []byte {
	at := len(dst)
	dst = begin(dst, TypeAccepted)
	dst = append(dst, info.Kind)
	dst = appendText(dst, info.Codec, MaxName)
	dst = binary.BigEndian.AppendUint32(dst, info.ClockRate)
	dst = appendPath(dst, path)
	return end(dst, at)
}

// DecodeAccepted decodes the body of an Accepted. The path is empty where the peer is
// from before transit, and then is the peer alone.
func DecodeAccepted(body []byte) (info TrackInfo, path []string, err error) {
	c := cursor{b: body}
	info = TrackInfo{Kind: c.u8(), Codec: c.text(MaxName), ClockRate: c.u32()}
	if c.more() {
		path = c.path()
	}
	return info, path, wrap("accepted", c.err)
}

// AppendTrackPath appends the path of a granted track after it has changed, as in
// AppendAccepted.
func AppendTrackPath(dst []byte, path []string) []byte {
	at := len(dst)
	return end(appendPath(begin(dst, TypePath), path), at)
}

// DecodeTrackPath decodes the body of a Path.
func DecodeTrackPath(body []byte) ([]string, error) {
	c := cursor{b: body}
	path := c.path()
	return path, wrap("path", c.err)
}

// Code says why something was refused or ended.
type Code uint8

// The codes of version 1; an unknown one is treated as CodeInternal.
const (
	CodeInternal    Code = 0 // see the text
	CodeNoTrack     Code = 1 // the node has no such track (any more)
	CodeLoop        Code = 2 // the node is on the path already
	CodeTooManyHops Code = 3
	CodeBusy        Code = 4 // a bound of the node is reached
	CodeRemote      Code = 5 // the layer above answered with an error; Name is its code
	CodeEnded       Code = 6 // the track ended
)

// Refused ends a subscription or answers a call with an error.
type Refused struct {
	Code Code
	Name string // code of the layer above, may be empty
	Text string // for people; safe to log
}

// AppendRefused appends the frame.
func AppendRefused(dst []byte, r Refused) []byte {
	at := len(dst)
	dst = begin(dst, TypeRefused)
	dst = append(dst, byte(r.Code))
	dst = appendText(dst, r.Name, MaxName)
	dst = appendText(dst, r.Text, MaxText)
	return end(dst, at)
}

// DecodeRefused decodes the body of a Refused.
func DecodeRefused(body []byte) (Refused, error) {
	c := cursor{b: body}
	r := Refused{Code: Code(c.u8()), Name: c.text(MaxName), Text: c.text(MaxText)}
	return r, wrap("refused", c.err)
}

// AppendKeyframe appends a request for a keyframe of a layer.
func AppendKeyframe(dst []byte, layer uint8) []byte {
	at := len(dst)
	dst = begin(dst, TypeKeyframe)
	dst = append(dst, layer)
	return end(dst, at)
}

// DecodeKeyframe decodes the body of a Keyframe.
func DecodeKeyframe(body []byte) (layer uint8, err error) {
	c := cursor{b: body}
	layer = c.u8()
	return layer, wrap("keyframe", c.err)
}

// Report is a sender report (RFC 3550 section 6.4.1) on the clock of the origin node.
type Report struct {
	Layer uint8  // the encoding it is of
	NTP   uint64 // 32.32 seconds since 1900
	RTP   uint32 // the same instant in the clock of that encoding
}

// AppendReport appends the frame.
func AppendReport(dst []byte, r Report) []byte {
	at := len(dst)
	dst = begin(dst, TypeReport)
	dst = append(dst, r.Layer)
	dst = binary.BigEndian.AppendUint64(dst, r.NTP)
	dst = binary.BigEndian.AppendUint32(dst, r.RTP)
	return end(dst, at)
}

// DecodeReport decodes the body of a Report.
func DecodeReport(body []byte) (Report, error) {
	c := cursor{b: body}
	r := Report{Layer: c.u8(), NTP: c.u64(), RTP: c.u32()}
	return r, wrap("report", c.err)
}
