package sealed

// Recent knows the latest packets of one stream of sequence numbers, to drop those that
// come twice. The zero value knows none.
type Recent struct {
	at [recentSize]stamp
}

// recentSize is a second of a large video layer.
const recentSize = 512

// stamp is a packet; set tells sequence number 0 from nothing.
type stamp struct {
	timestamp uint32
	sequence  uint16
	set       bool
}

// Again says whether the packet was here before, and remembers it. A restarted stream
// that uses a number again has another timestamp.
func (r *Recent) Again(sequence uint16, timestamp uint32) bool {
	at := &r.at[sequence%recentSize]
	now := stamp{timestamp, sequence, true}
	if *at == now {
		return true
	}
	*at = now
	return false
}
