package sfu

// Bar holds back all that the source sends, before any cache and for every
// DownTrack, or lets it through again. What was cached is forgotten, so that none
// of it is sent once more; afterwards DownTracks begin with the next packet, of
// video with the next keyframe. Numbers go on without a gap, on links too, so that
// nobody takes for lost what was held back.
func (u *UpTrack) Bar(barred bool) {
	u.lock()
	if !u.closed && barred && !u.barred {
		for layer, e := range u.encodings {
			if e != nil {
				u.forget(uint8(layer), e)
			}
		}
	}
	u.barred = barred
	u.drain(drainBudget)
	u.endWave()
	u.unlock(1)
}

// forget drops what an encoding holds. The source's clock goes on, so that its
// latest sender report stays good.
func (u *UpTrack) forget(layer uint8, e *encoding) {
	e.nacks.clear()
	e.cache.clear()
	e.jitter, e.anew = jitter{}, e.log.begun
	u.renew(layer, e)
}
