package edge

import (
	"cmp"
	"slices"
	"time"

	"github.com/meridian-video/meridian/edge/room"
)

// movePause is the time between two people who are asked to go on at another
// node: a join costs that node some milliseconds, and there are two cores to it.
const movePause = 100 * time.Millisecond

// pace is the time between two people of so many who are to have gone within a
// time. The second half is for those who take longer.
func pace(people int, within time.Duration) time.Duration {
	return min(movePause, within/2/time.Duration(max(people, 1)))
}

// movesBefore orders people who are to go: room by room, so that a meeting is
// apart for a moment only, and in each room those last who look after it.
func movesBefore(a, b *attachment) int {
	rank := func(x *attachment) int {
		if x.self().Role == room.Moderator {
			return 1
		}
		return 0
	}
	return cmp.Or(
		cmp.Compare(a.key.Company, b.key.Company), cmp.Compare(a.key.Room, b.key.Room),
		cmp.Compare(rank(a), rank(b)), cmp.Compare(a.id, b.id),
	)
}

// nextToMove is who of those here is asked next; nil for nobody.
func nextToMove(here []*attachment) *attachment {
	here = slices.DeleteFunc(here, func(a *attachment) bool { return a.leaving.Load() })
	if len(here) == 0 {
		return nil
	}
	return slices.MinFunc(here, movesBefore)
}
