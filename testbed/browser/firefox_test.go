package browser

import (
	"net"
	"testing"

	"github.com/meridian-video/meridian/testbed/cluster"
)

// TestFirefoxAndChromium has the two engines see and hear each other: VP8 from
// Firefox, and from Chromium what the codec of the subtest's name says.
func TestFirefoxAndChromium(t *testing.T) {
	c := cluster.StartAt(t, map[string]cluster.Media{"fra": {Listen: ownAddress(t) + ":0"}}, "fra")
	fox := New(t, "firefox", Options{Firefox: true, Tone: 440, Width: 480, Height: 270})
	chrome := New(t, "chromium", Options{Tone: 700, Width: 480, Height: 270})
	for _, codec := range []string{"vp8", "vp9", "av1"} {
		t.Run(codec, func(t *testing.T) {
			url := c.Edges["fra"].URL + "/m/engines-" + codec
			fox.join(t, url, "Firefox")
			chrome.join(t, url+"?codec="+codec, "Chromium")
			for _, p := range []*Page{fox, chrome} {
				p.within(t).Until(startTimeout, "sees the other", decodes(1))
			}
			fox.within(t).Sounds(startTimeout)
			chrome.within(t).Hears(startTimeout, 440)
			sent := chrome.within(t).Until(startTimeout, "sends "+codec, sendsIn(codec))
			flowing, _ := sent.Camera()
			t.Logf("%s: first frame %.0f ms after the click; %v", codec, sent.Timings.FirstRemoteFrame, flowing)
			fox.Shot(codec)
		})
	}
}

// ownAddress is one of the machine's addresses that is not loopback, over
// which Firefox did not connect. What goes there stays on the machine, too.
func ownAddress(t *testing.T) string {
	t.Helper()
	list, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range list {
		if n, ok := a.(*net.IPNet); ok && n.IP.To4() != nil && n.IP.IsGlobalUnicast() {
			return n.IP.String()
		}
	}
	t.Fatal("Firefox needs an address that is not loopback; this machine has none")
	return ""
}
