//go:build linux

package netns

import (
	"errors"
	"fmt"
	"net/netip"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/meridian-video/meridian/testbed/wan/path"
)

// router reads what hosts send and writes it to others when it is due. One
// thread does both: it sleeps in ppoll, which ends at a packet, at a change or
// at the time of the next arrival, by the kernel's high-resolution timer. Timers
// of the Go runtime are a millisecond late.
type router struct {
	wake int // eventfd: something has changed
	done chan struct{}

	mu     sync.Mutex // guards all below
	paths  *path.Network
	hosts  map[netip.Addr]*Host
	tuns   []int // by number
	ended  bool
	strays uint64 // packets to nobody, and such as a kernel did not take

	free [][]byte // buffers, of the thread alone
}

// readsAtOnce is how many packets of one host are read before another's turn.
const readsAtOnce = 32

// routerPriority is near the highest of ordinary threads.
const routerPriority = -15

func newRouter(paths *path.Network) (*router, error) {
	wake, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		return nil, fmt.Errorf("make a router: %w", err)
	}
	r := &router{wake: wake, done: make(chan struct{}), paths: paths, hosts: map[netip.Addr]*Host{}}
	go r.run()
	return r, nil
}

func (r *router) add(h *Host) {
	r.mu.Lock()
	h.number = r.paths.Add()
	r.tuns = append(r.tuns, h.tun)
	r.hosts[h.Addr] = h
	r.mu.Unlock()
	r.stir()
}

// stir makes the thread look again.
func (r *router) stir() {
	_, _ = unix.Write(r.wake, []byte{1, 0, 0, 0, 0, 0, 0, 0})
}

func (r *router) close() {
	r.mu.Lock()
	r.ended = true
	r.mu.Unlock()
	r.stir()
	<-r.done
	_ = unix.Close(r.wake)
}

func (r *router) run() {
	defer close(r.done)
	runtime.LockOSThread() // for good: the thread ends with the goroutine
	// A path does not wait for a processor, and this thread should not either.
	_ = unix.Setpriority(unix.PRIO_PROCESS, unix.Gettid(), routerPriority)
	var poll []unix.PollFd
	for {
		wait, ended := r.deliver()
		if ended {
			return
		}
		poll = r.awaited(poll)
		if n, err := unix.Ppoll(poll, wait, nil); err != nil || n == 0 {
			continue // a signal of the runtime came, or something is due
		}
		if poll[0].Revents != 0 {
			var count [8]byte
			_, _ = unix.Read(r.wake, count[:])
		}
		for i, fd := range poll[1:] {
			if fd.Revents&unix.POLLIN != 0 {
				r.take(path.Host(i), int(fd.Fd))
			}
		}
	}
}

// awaited lists what ends a sleep.
func (r *router) awaited(poll []unix.PollFd) []unix.PollFd {
	poll = append(poll[:0], unix.PollFd{Fd: int32(r.wake), Events: unix.POLLIN})
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, fd := range r.tuns {
		poll = append(poll, unix.PollFd{Fd: int32(fd), Events: unix.POLLIN})
	}
	return poll
}

// deliver writes what is due and returns how long to sleep; nil is for ever.
func (r *router) deliver() (wait *unix.Timespec, ended bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for {
		to, packet, ok := r.paths.Due(time.Now())
		if !ok {
			break
		}
		r.write(r.tuns[to], packet)
		r.free = append(r.free, packet)
	}
	next, ok := r.paths.Next()
	if !ok {
		return nil, r.ended
	}
	t := unix.NsecToTimespec(max(0, int64(time.Until(next))))
	return &t, r.ended
}

// write gives a packet to a host's kernel, which may have no place for it.
func (r *router) write(tun int, packet []byte) {
	for {
		_, err := unix.Write(tun, packet)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			r.strays++
		}
		return
	}
}

// take reads what a host has sent.
func (r *router) take(from path.Host, tun int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for range readsAtOnce {
		buf := r.buffer()
		n, err := unix.Read(tun, buf)
		if err != nil || n <= 0 {
			r.free = append(r.free, buf)
			if errors.Is(err, unix.EINTR) {
				continue
			}
			return
		}
		if r.send(from, buf[:n]) != path.Passes {
			r.free = append(r.free, buf)
		}
	}
}

// send puts a packet on its way.
func (r *router) send(from path.Host, packet []byte) path.Fate {
	at, ok := destination(packet)
	to, known := r.hosts[at]
	if !ok || !known {
		r.strays++
		return path.Lost
	}
	fate := r.paths.Send(time.Now(), from, to.number, packet)
	if fate == path.TooBig {
		if answer := tooBig(packet, r.paths.Link(from, to.number).MTU); answer != nil {
			r.write(r.tuns[from], answer)
		}
	}
	return fate
}

// buffer is one for a packet of the devices' size.
func (r *router) buffer() []byte {
	if last := len(r.free) - 1; last >= 0 {
		b := r.free[last][:cap(r.free[last])]
		r.free = r.free[:last]
		if len(b) >= deviceMTU {
			return b
		}
	}
	return make([]byte, deviceMTU+64)
}
