package relay

// portion is how much of what leaves on a link is the tracks' own, and not repair or
// framing: shedding counts the one, the link's rate the other. Bytes of both, fading.
type portion struct{ given, sent float64 }

const (
	// portionFade is what is kept from one look to the next, 0.1 s later: 1 s of memory.
	portionFade = 0.9
	// portionLeast bounds what a burst that has not left yet can pretend.
	portionLeast = 0.5
)

// of is the part of a rate that is for tracks. given are the bytes of tracks since the
// last time.
func (p *portion) of(rate, given float64) float64 {
	p.given += given
	rate *= p.part()
	p.given *= portionFade
	p.sent *= portionFade
	return rate
}

// whole is the rate that leaves for a rate of tracks.
func (p *portion) whole(rate float64) float64 { return rate / p.part() }

func (p *portion) part() float64 {
	if p.sent < 1 {
		return 1
	}
	return min(max(p.given/p.sent, portionLeast), 1)
}
