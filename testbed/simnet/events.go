package simnet

import (
	"container/heap"
	"time"
)

// event is something that happens at a time, with the network's lock held.
type event struct {
	at     time.Time
	number uint64
	run    func()
}

// events is a heap by time, then by order of scheduling.
type events []event

func (e events) Len() int      { return len(e) }
func (e events) Swap(i, j int) { e[i], e[j] = e[j], e[i] }
func (e events) Less(i, j int) bool {
	if e[i].at.Equal(e[j].at) {
		return e[i].number < e[j].number
	}
	return e[i].at.Before(e[j].at)
}
func (e *events) Push(x any) { *e = append(*e, x.(event)) }
func (e *events) Pop() any {
	old := *e
	last := old[len(old)-1]
	old[len(old)-1] = event{}
	*e = old[:len(old)-1]
	return last
}

// schedule runs a function at a time. The lock is held, here and there.
func (n *Network) schedule(at time.Time, run func()) {
	n.number++
	heap.Push(&n.queue, event{at: at, number: n.number, run: run})
}

// settle runs what is due and sets the timer for the next. The lock is held;
// whatever schedules calls it once before it lets go of the lock.
func (n *Network) settle() {
	for len(n.queue) > 0 && !n.queue[0].at.After(time.Now()) {
		heap.Pop(&n.queue).(event).run()
	}
	if len(n.queue) == 0 {
		return
	}
	wait := time.Until(n.queue[0].at)
	if n.timer == nil {
		n.timer = time.AfterFunc(wait, n.tick)
		return
	}
	n.timer.Reset(wait)
}

func (n *Network) tick() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.settle()
}
