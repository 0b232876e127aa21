//go:build linux

package fleet

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"github.com/meridian-video/meridian/testbed/wan/netns"
)

// Process is a node in its host. One goroutine at a time uses it.
type Process struct {
	Name string
	Host *netns.Host

	bin, role, file, log string
	cmd                  *exec.Cmd
	done                 chan struct{}
}

// Start starts the node, again where it has ended.
func (p *Process) Start() error {
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer log.Close() // the process has its own
	p.cmd = exec.Command(p.bin, p.role, "--config", p.file)
	p.cmd.Stdout, p.cmd.Stderr = log, log
	p.cmd.Env = append(p.cmd.Environ(), "MERIDIAN_EDGE_PHOTOS_GRAVATAR=none")
	if err := p.Host.Start(p.cmd); err != nil {
		return fmt.Errorf("start %s: %w", p.Name, err)
	}
	done := make(chan struct{})
	p.done = done
	go func(cmd *exec.Cmd) {
		_ = cmd.Wait()
		close(done)
	}(p.cmd)
	return nil
}

// Running says whether the process is there.
func (p *Process) Running() bool {
	if p.done == nil {
		return false
	}
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// PID is the process's id, for a debugger or nsenter --net --target.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Kill ends the process at once; its host's kernel then refuses who calls.
func (p *Process) Kill() {
	if p.Running() {
		_ = p.cmd.Process.Kill()
		<-p.done
	}
}

// ending is how long a process may take to end by itself.
const ending = 8 * time.Second

// Stop lets the process drain and end, and ends it if it does not.
func (p *Process) Stop() {
	if !p.Running() {
		return
	}
	_ = p.cmd.Process.Signal(unix.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(ending):
		p.Kill()
	}
}

// logFile is where a node's log goes.
func logFile(dir, name string) string { return filepath.Join(dir, name+".log") }
