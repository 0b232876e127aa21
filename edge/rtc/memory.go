package rtc

// What a transport may hold at most, in bytes, whatever its client does.
// DESIGN.md lists the parts; TestMemoryIsBounded holds them to it.
const (
	transportMemory = 1 << 20
	slotMemory      = 16 << 10
	// streamMemory is two queues, as append grows them, and what is read.
	streamMemory = 2*(queueSize+queueReserve)*5/4 + streamBuffer + 16<<10
)

// memory bounds what all open transports hold, in bytes: beside their share of
// the tracks that they publish.
func (e *Engine) memory() (bytes int) {
	bytes = e.openStreams() * streamMemory
	e.mu.Lock()
	defer e.mu.Unlock()
	for t := range e.transports {
		bytes += transportMemory + slotMemory*len(t.routes.Load().slots)
	}
	return bytes
}
