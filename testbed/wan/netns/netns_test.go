//go:build linux

package netns

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/meridian-video/meridian/testbed/wan/path"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds every wait. It says nothing about how long things take.
const patience = 20 * time.Second

// start makes a network that ends with the test.
func start(t testing.TB, c Config) *Network {
	t.Helper()
	n, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.Close)
	return n
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// socket opens a UDP socket on a host.
func socket(t testing.TB, h *Host) net.PacketConn {
	t.Helper()
	c, err := h.ListenPacket("udp4", h.Addr.String()+":0")
	must(t, err)
	t.Cleanup(func() { _ = c.Close() })
	must(t, c.SetReadDeadline(time.Now().Add(patience)))
	return c
}

// says sends a word and waits until a socket hears it, or one after it: which
// are those that came.
func says(t *testing.T, from, to net.PacketConn, word string) string {
	t.Helper()
	_, err := from.WriteTo([]byte(word), to.LocalAddr())
	must(t, err)
	buf := make([]byte, 2000)
	n, _, err := to.ReadFrom(buf)
	must(t, err)
	return string(buf[:n])
}

func TestDatagramsTakeTheirTime(t *testing.T) {
	const delay = 30 * time.Millisecond
	n := start(t, Config{Hosts: []string{"fra", "syd"}, Link: path.Link{Delay: delay}})
	a, b := socket(t, n.Host("fra")), socket(t, n.Host("syd"))
	sent := time.Now()
	if got := says(t, a, b, "hello"); got != "hello" {
		t.Errorf("heard %q", got)
	}
	if took := time.Since(sent); took < delay {
		t.Errorf("came after %v, before its time", took)
	}
	if s, err := n.State("fra", "syd"); err != nil || s.Stats[path.Passes] != 1 {
		t.Errorf("counted %v, %v", s.Stats, err)
	}
}

// TestCutSilenceAndWake: what is sent over a cut path never comes, and what
// comes after it is healed does.
func TestCutSilenceAndWake(t *testing.T) {
	n := start(t, Config{Hosts: []string{"fra", "iad", "syd"}})
	fra, iad := socket(t, n.Host("fra")), socket(t, n.Host("iad"))
	lost := func(from, to net.PacketConn) {
		t.Helper()
		_, err := from.WriteTo([]byte("lost"), to.LocalAddr())
		must(t, err)
	}
	blocked := func(from, to string, want uint64) {
		t.Helper()
		wait(t, "the router counts what is blocked", func() bool {
			s, err := n.State(from, to)
			return err == nil && s.Stats[path.Blocked] == want
		})
	}
	heard := func(from, to net.PacketConn, word string) {
		t.Helper()
		if got := says(t, from, to, word); got != word {
			t.Errorf("heard %q, want %q", got, word)
		}
	}
	must(t, n.CutOneWay("fra", "iad"))
	lost(fra, iad)
	blocked("fra", "iad", 1)
	heard(iad, fra, "the other way")
	must(t, n.Heal("fra", "iad"))
	heard(fra, iad, "healed")

	must(t, n.Cut("fra", "iad"))
	lost(fra, iad)
	lost(iad, fra)
	blocked("fra", "iad", 2)
	blocked("iad", "fra", 1)
	must(t, n.Heal("iad", "fra"))
	heard(fra, iad, "whole")

	must(t, n.Silence("iad"))
	lost(fra, iad)
	lost(iad, fra)
	blocked("fra", "iad", 3)
	blocked("iad", "fra", 2)
	must(t, n.Wake("iad"))
	heard(fra, iad, "awake")
}

func wait(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); !ok(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("waited %v until %s", patience, what)
		}
	}
}

// TestAProcessLivesInItsHost and has the host's address alone; it dies with the
// network that it was started in.
func TestAProcessLivesInItsHost(t *testing.T) {
	n := start(t, Config{Hosts: []string{"fra", "iad"}})
	for _, name := range n.Names() {
		cmd := exec.Command("ip", "-4", "-o", "addr", "show", "scope", "global")
		out := &strings.Builder{}
		cmd.Stdout = out
		must(t, n.Host(name).Start(cmd))
		must(t, cmd.Wait())
		if want := n.Host(name).Addr.String() + "/32"; strings.Count(out.String(), "inet ") != 1 || !strings.Contains(out.String(), want) {
			t.Errorf("%s has %q, want %s", name, out, want)
		}
	}
	cmd := exec.Command("cat")
	in, err := cmd.StdinPipe()
	must(t, err)
	defer in.Close()
	must(t, n.Host("fra").Start(cmd))
	n.Close()
	_ = cmd.Wait()
	if s, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || !s.Signaled() {
		t.Errorf("it ended with %v", cmd.ProcessState)
	}
}

// TestADeadProcessIsRefusedASilentHostIsNot: the difference between the two
// deaths.
func TestADeadProcessIsRefusedASilentHostIsNot(t *testing.T) {
	n := start(t, Config{Hosts: []string{"fra", "iad"}})
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	closed := n.Host("iad").Addr.String() + ":9"
	if _, err := n.Host("fra").Dial(ctx, "tcp4", closed); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("a closed port: %v", err)
	}
	must(t, n.Silence("iad"))
	dialled := make(chan error)
	ctx, give := context.WithCancel(ctx)
	go func() {
		_, err := n.Host("fra").Dial(ctx, "tcp4", closed)
		dialled <- err
	}()
	wait(t, "the router drops it", func() bool {
		s, err := n.State("fra", "iad")
		return err == nil && s.Stats[path.Blocked] > 0
	})
	give()
	if err := <-dialled; errors.Is(err, syscall.ECONNREFUSED) || err == nil {
		t.Errorf("a silent host: %v", err)
	}
}

// TestTCPFindsASmallMTU by the router's ICMP, and carries all over a lossy path.
func TestTCPFindsASmallMTU(t *testing.T) {
	n := start(t, Config{Hosts: []string{"fra", "syd"}, Link: path.Link{Delay: time.Millisecond, Loss: 0.01, MTU: 1200}})
	l, err := n.Host("syd").Listen("tcp4", n.Host("syd").Addr.String()+":0")
	must(t, err)
	defer l.Close()
	const size = 300_000
	sent := make(chan error, 1)
	go func() {
		c, err := n.Host("fra").Dial(t.Context(), "tcp4", l.Addr().String())
		if err == nil {
			_, err = c.Write(make([]byte, size))
			err = errors.Join(err, c.Close())
		}
		sent <- err
	}()
	c, err := l.Accept()
	must(t, err)
	defer c.Close()
	must(t, c.SetReadDeadline(time.Now().Add(patience)))
	got, err := io.Copy(io.Discard, c)
	if err != nil || got != size {
		t.Errorf("%d bytes of %d, %v", got, size, err)
	}
	must(t, <-sent)
	if s, err := n.State("fra", "syd"); err != nil || s.Stats[path.TooBig] == 0 {
		t.Errorf("nothing was too big: %v, %v", s.Stats, err)
	}
}

func TestThisMachineCanBeAHost(t *testing.T) {
	n := start(t, Config{Hosts: []string{"fra"}, Link: path.Link{Delay: time.Millisecond}})
	here, err := n.AddHere("here")
	must(t, err)
	c := socket(t, n.Host("fra"))
	outside, err := net.Dial("udp4", c.LocalAddr().String())
	must(t, err)
	defer outside.Close()
	_, err = outside.Write([]byte("hello"))
	must(t, err)
	_, from, err := c.ReadFrom(make([]byte, 10))
	must(t, err)
	if got := from.(*net.UDPAddr).AddrPort().Addr(); got != here.Addr {
		t.Errorf("heard from %v, want %v", got, here.Addr)
	}
}

// TestNetworksBesideEachOther have addresses of their own, so that this machine
// can be a host of each.
func TestNetworksBesideEachOther(t *testing.T) {
	var seen []netip.Addr
	for range 3 {
		n := start(t, Config{Hosts: []string{"fra"}})
		here, err := n.AddHere("here")
		must(t, err)
		seen = append(seen, here.Addr, n.Host("fra").Addr)
	}
	slices.SortFunc(seen, netip.Addr.Compare)
	if len(slices.Compact(seen)) != 6 {
		t.Errorf("addresses %v", seen)
	}
}

func TestPionSeesTheHost(t *testing.T) {
	n := start(t, Config{Hosts: []string{"fra"}})
	view, err := n.Host("fra").Net()
	must(t, err)
	faces, err := view.Interfaces()
	must(t, err)
	var names []string
	for _, f := range faces {
		names = append(names, f.Name)
	}
	if fmt.Sprint(names) != "[lo wan]" {
		t.Errorf("interfaces %v", names)
	}
	c, err := view.ListenUDP("udp4", &net.UDPAddr{IP: n.Host("fra").Addr.AsSlice()})
	must(t, err)
	must(t, c.Close())
}

func TestWrongNamesAreErrors(t *testing.T) {
	n := start(t, Config{Hosts: []string{"fra"}})
	for what, err := range map[string]error{
		"cut":     n.Cut("fra", "nowhere"),
		"set":     n.Set("nowhere", "fra", path.Link{}),
		"silence": n.Silence("nowhere"),
	} {
		if err == nil || !strings.Contains(err.Error(), `no host "nowhere"`) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := n.Set("fra", "fra", path.Link{Loss: 2}); err == nil {
		t.Error("a wrong link was taken")
	}
	if _, err := n.Add("fra"); err == nil {
		t.Error("a host was made twice")
	}
	n.Close()
	if _, err := n.Add("late"); err == nil {
		t.Error("a host was made after the end")
	}
}

// TestNothingIsLeft: no namespace and no device outlives the network.
func TestNothingIsLeft(t *testing.T) {
	count := func() int {
		out, err := exec.Command("ip", "-o", "link").Output()
		must(t, err)
		entries, err := os.ReadDir("/proc/self/fd")
		must(t, err)
		links := 0
		for s := bufio.NewScanner(strings.NewReader(string(out))); s.Scan(); {
			links++
		}
		return links + len(entries)
	}
	n := start(t, Config{Hosts: []string{"warm"}})
	n.Close()
	before := count()
	n = start(t, Config{Hosts: []string{"fra", "iad"}})
	_, err := n.AddHere("here")
	must(t, err)
	n.Close()
	if after := count(); after != before {
		t.Errorf("%d devices and files, were %d", after, before)
	}
}
