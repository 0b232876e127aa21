package browser

import "fmt"

// Received is what a page got of one kind of media since it connected, in all
// slots together.
type Received struct {
	Bytes, Packets float64
	Samples        float64 // of sound, all that was played
	Concealed      float64 // of these, made up where something was missing
	Frames         float64
	Keyframes      float64
	Asked          float64 // times that a keyframe was asked for
	NACKs          float64 // packets that were asked for again
	Frozen         float64 // seconds that pictures stood still, as the browser counts them
}

// Received reads the page's own statistics; the page has the script wire.
func (p *Page) Received(kind string) Received {
	p.t.Helper()
	r, err := Eval[Received](p, fmt.Sprintf("wire.received(%q)", kind))
	if err != nil {
		p.t.Fatalf("browser %s: %v", p.Name, err)
	}
	return r
}

// Since is what came after another reading.
func (r Received) Since(b Received) Received {
	r.Bytes -= b.Bytes
	r.Packets -= b.Packets
	r.Samples -= b.Samples
	r.Concealed -= b.Concealed
	r.Frames -= b.Frames
	r.Keyframes -= b.Keyframes
	r.Asked -= b.Asked
	r.NACKs -= b.NACKs
	r.Frozen -= b.Frozen
	return r
}

// hollow is the part of the sound that was made up.
func (r Received) hollow() float64 { return r.Concealed / r.Samples }

// perPacket is how many bytes a packet carried. Chromium names the codec that
// it decodes, not the format that it came in, so redundancy shows here.
func (r Received) perPacket() float64 { return r.Bytes / r.Packets }

// Sent is a track that a page sends.
type Sent struct {
	ID, Kind      string
	DeviceID      string
	Width, Height float64
}

// Sent lists what the page sends; the page has the script wire.
func (p *Page) Sent() []Sent {
	p.t.Helper()
	list, err := Eval[[]Sent](p, "wire.tracks()")
	if err != nil {
		p.t.Fatalf("browser %s: %v", p.Name, err)
	}
	return list
}

// Taken counts the pictures that the page's cameras took; it has the script wire.
func (p *Page) Taken() float64 {
	p.t.Helper()
	n, err := Eval[float64](p, "wire.taken()")
	if err != nil {
		p.t.Fatalf("browser %s: %v", p.Name, err)
	}
	return n
}

// Negotiated is how many descriptions the page took from nodes.
func (p *Page) Negotiated() int {
	p.t.Helper()
	n, err := Eval[int](p, "wire.descriptions")
	if err != nil {
		p.t.Fatalf("browser %s: %v", p.Name, err)
	}
	return n
}
