//go:build linux

package main

import (
	"strings"
	"testing"
	"time"

	"github.com/meridian-video/meridian/testbed/wan/fleet"
	"github.com/meridian-video/meridian/testbed/wan/path"
)

func TestTopologyOfAFile(t *testing.T) {
	got, err := readTopology("three", strings.NewReader(`
# two near each other, one far away
pop ams
pop fra
pop nrt
links delay=120ms loss=1%
link ams fra delay=4ms rate=1gbit   # the loss stays
access delay=20ms
`))
	if err != nil {
		t.Fatal(err)
	}
	far := path.Link{Delay: 120 * time.Millisecond, Loss: 0.01}
	for pair, want := range map[fleet.Pair]path.Link{
		fleet.Between("ams", "fra"): {Delay: 4 * time.Millisecond, Loss: 0.01, Rate: 1e9},
		fleet.Between("nrt", "fra"): far,
		fleet.Between("ams", "nrt"): far,
	} {
		if got.Links[pair] != want {
			t.Errorf("%v: got %v, want %v", pair, got.Links[pair], want)
		}
	}
	if len(got.POPs) != 3 || got.POPs[0] != "ams" || got.Access.Delay != 20*time.Millisecond {
		t.Errorf("got %v, access %v", got.POPs, got.Access)
	}
}

func TestWrongTopologiesAreExplained(t *testing.T) {
	for text, want := range map[string]string{
		"":                                     "file: 0 POPs are not 1 to 100",
		"pop fra\npop fra":                     `file: POP "fra" is there twice`,
		"pop Frankfurt":                        `file: POP "Frankfurt": a name is a letter`,
		"pop control":                          "and not [control here]",
		"pop fra\nlink fra syd delay=1ms":      `file:2: no POP "syd" above`,
		"pop fra\ncut fra syd\nlinks delay=80": "file:2: \"cut\" is for a running network and not for a topology\nfile:3: delay=80 is not like 80ms",
	} {
		_, err := readTopology("file", strings.NewReader(text))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
}
