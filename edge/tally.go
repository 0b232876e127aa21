package edge

const (
	// lately is over how many seconds loss is told: of 50 packets a second
	// fewer would tell little.
	lately = 4
	// tallied is how many seconds are known.
	tallied = 6
)

// tally is counts of the last seconds, the latest first.
type tally [tallied]int64

func (t *tally) add(n int64) {
	copy(t[1:], t[:])
	t[0] = n
}

// sum adds up the last seconds.
func (t *tally) sum(seconds int) (total int64) {
	for _, n := range t[:seconds] {
		total += n
	}
	return total
}
