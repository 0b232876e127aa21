//go:build linux

package light

import (
	"net/netip"
	"testing"
)

func TestOnlyAClientWithItsOwnSocketCanLeaveItUnread(t *testing.T) {
	if err := newTestClient(t, Options{}).Offend(Deaf); err == nil {
		t.Error("all clients of a socket are deaf")
	}
	n, err := OpenAt(netip.MustParseAddr("127.0.0.1"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.Close)
	c, err := n.Client(Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	if err := c.Offend(Deaf); err != nil || !c.lane.unread.Load() {
		t.Errorf("its socket is read: %v", err)
	}
	if err := c.Offend(Honest); err != nil || c.lane.unread.Load() {
		t.Errorf("it stays deaf: %v", err)
	}
}

func TestWhoIsMuteReportsNothing(t *testing.T) {
	for o, quiet := range map[Offence]bool{Honest: false, NACKs: false, Keyframes: false, Mute: true, Deaf: true} {
		if o.quiet() != quiet {
			t.Errorf("%q: quiet %v", o, !quiet)
		}
	}
}
