package main

import (
	"fmt"
	"time"
)

// slack is the precision of times in the queue.
const slack = 2 * time.Millisecond

// ordered checks one room: when an event was accepted first, all before it were settled, or the oldest of those
// that were not had come, and failed, at least a hold before. An event is settled when it came for the last time:
// one that was accepted but whose sender was killed before it wrote that down is still open to the next sender.
// It counts the events that passed another.
func ordered(room []*arrival, hold time.Duration) (passed int, err error) {
	for i, a := range room {
		if a.acceptedAt.IsZero() {
			return passed, fmt.Errorf("event %d of room %s was never accepted", a.seq, a.room)
		}
		if int64(i+1) != a.seq {
			return passed, fmt.Errorf("event %d of room %s comes where %d should", a.seq, a.room, i+1)
		}
		for _, before := range room[:i] {
			if before.settledAt.Before(a.acceptedAt) {
				continue
			}
			passed++
			if waited := a.acceptedAt.Sub(before.first); waited < hold-slack {
				return passed, fmt.Errorf("event %d of room %s passed %d, which had waited for %v only", a.seq, a.room, before.seq, waited)
			}
			break
		}
	}
	return passed, nil
}
