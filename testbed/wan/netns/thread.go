//go:build linux

package netns

import (
	"fmt"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// thread is a system thread that lives in a namespace of its own and does what
// it is told there.
type thread struct {
	work chan func()
	done chan struct{}
}

// newThread makes a namespace. The goroutine is never unlocked, so that the
// runtime ends the thread with it instead of using it elsewhere.
func newThread() (*thread, *os.File, error) {
	t := &thread{work: make(chan func()), done: make(chan struct{})}
	var space *os.File
	made := make(chan error)
	go func() {
		defer close(t.done)
		runtime.LockOSThread()
		err := unix.Unshare(unix.CLONE_NEWNET)
		if err == nil {
			space, err = os.Open(fmt.Sprintf("/proc/self/task/%d/ns/net", unix.Gettid()))
		}
		made <- err
		if err != nil {
			return
		}
		for f := range t.work {
			f()
		}
	}()
	if err := <-made; err != nil {
		return nil, nil, fmt.Errorf("make a network namespace: %w", err)
	}
	return t, space, nil
}

// do runs f on the thread.
func (t *thread) do(f func() error) (err error) {
	done := make(chan struct{})
	t.work <- func() {
		err = f()
		close(done)
	}
	<-done
	return err
}

// end ends the thread.
func (t *thread) end() {
	close(t.work)
	<-t.done
}

// inside runs f on a thread of its own in a namespace; several may run at once.
func inside(space *os.File, f func() error) (err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // for good: the thread ends with the goroutine
		if err = unix.Setns(int(space.Fd()), unix.CLONE_NEWNET); err != nil {
			err = fmt.Errorf("enter a network namespace: %w", err)
			return
		}
		err = f()
	}()
	<-done
	return err
}
