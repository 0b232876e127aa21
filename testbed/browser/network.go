package browser

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Addresses of the two networks: of nodes as everybody sees them, and the start
// of those of each network.
const (
	nodeAddress = "10.77.0.1"
	wifiPrefix  = "10.77.1."
	phonePrefix = "10.77.2."
)

// networks is a computer of its own, as a network namespace, with two networks
// to this machine of which it uses one. It needs root.
type networks struct {
	t    testing.TB
	name string
	now  string // the network in use
}

// newNetworks makes the computer, on the network wifi.
func newNetworks(t testing.TB) *networks {
	t.Helper()
	n := &networks{t: t, name: fmt.Sprintf("mdn%d", os.Getpid()), now: "wifi"}
	n.ip("netns add " + n.name)
	t.Cleanup(func() { n.ip("netns del " + n.name) })
	n.ip("addr add " + nodeAddress + "/32 dev lo")
	t.Cleanup(func() { n.ip("addr del " + nodeAddress + "/32 dev lo") })
	n.ip("-n " + n.name + " link set lo up")
	for _, w := range []struct{ name, prefix string }{{"wifi", wifiPrefix}, {"phone", phonePrefix}} {
		here := fmt.Sprintf("%.4s%d", w.name, os.Getpid())
		n.ip("link add " + here + " type veth peer name " + w.name + " netns " + n.name)
		n.ip("addr add " + w.prefix + "1/24 dev " + here)
		n.ip("link set " + here + " up")
	}
	n.batch("link set phone up")
	n.join("wifi")
	return n
}

// prefixes of the networks.
var prefixes = map[string]string{"wifi": wifiPrefix, "phone": phonePrefix}

// join connects a network and makes it the way to everywhere.
func (n *networks) join(name string) {
	n.t.Helper()
	n.batch(joining(name)...)
	n.now = name
}

// change goes to the other network; the address of the first is gone. Both links
// stay up, or the kernel would take a second of its own to see the second one.
func (n *networks) change() {
	n.t.Helper()
	before, next := n.now, map[string]string{"wifi": "phone", "phone": "wifi"}[n.now]
	n.batch(append([]string{"addr flush dev " + before}, joining(next)...)...)
	n.now = next
}

func joining(name string) []string {
	return []string{
		"link set " + name + " up",
		"addr replace " + prefixes[name] + "2/24 dev " + name,
		"route replace default via " + prefixes[name] + "1 dev " + name,
	}
}

// batch does several things to the computer, one right after the other.
func (n *networks) batch(lines ...string) {
	n.t.Helper()
	cmd := exec.Command("ip", "-n", n.name, "-batch", "-")
	cmd.Stdin = strings.NewReader(strings.Join(lines, "\n") + "\n")
	if out, err := cmd.CombinedOutput(); err != nil {
		n.t.Errorf("ip %q: %v %s", lines, err, out)
	}
}

func (n *networks) ip(args string) {
	n.t.Helper()
	if out, err := exec.Command("ip", strings.Fields(args)...).CombinedOutput(); err != nil {
		n.t.Errorf("ip %s: %v %s", args, err, out)
	}
}

// program is a script that runs a program in the computer.
func (n *networks) program(dir, path string) (string, error) {
	file := filepath.Join(dir, "inside")
	return file, os.WriteFile(file, []byte("#!/bin/sh\nexec ip netns exec "+n.name+" "+path+" \"$@\"\n"), 0o700)
}
