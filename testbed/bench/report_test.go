//go:build linux

package main

import (
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/meridian-video/meridian/testbed/bench/light"
)

// sample is a report with something for every panel.
func sample() *Report {
	return &Report{
		At: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), CPU: `<Q&A> "9"`, Cores: 2, Kernel: "6.1", Go: "go1.26",
		Floor: &Floor{Destinations: 100, Micros: 3, User: 1, Seal: .5},
		Results: []Result{
			{Server: "meridian", Scenario: "idle", Load: &Load{Server: .01}},
			{Server: "meridian", Scenario: "viewers", Viewers: 50, Load: &Load{Micros: 6, User: 2, Rate: 11500, Delivered: 100, Repeats: 5, Bad: 3}, Delay: &Delay{.3, .5, 1.2, 500}, Memory: 170},
			{Server: "meridian", Scenario: "viewers", Viewers: 100, Load: &Load{Micros: 5.5, User: 2, Paced: 60}, Delay: &Delay{.4, .6, 1.5, 500}, Memory: 160},
			{Server: "janus", Scenario: "viewers", Viewers: 50, Load: &Load{Micros: 39, User: 20}},
			{Server: "janus", Scenario: "meeting", Failed: "broken & lost"},
			{Server: "meridian", Scenario: "joins", Join: &Join{Count: 20, PacketP50: 5, PacketP95: 9, KeyframeP50: 20, KeyframeP95: 30, DTLSP50: 2, DTLSShare: .4}},
			{Server: "meridian", Scenario: "storm", Viewers: 50, Join: &Join{Count: 50, PacketP50: 80, PacketP95: 110}},
			{Server: "meridian", Scenario: "hostile", Load: &Load{Micros: 6}, Hostile: &Hostile{Offence: "nacks", Cause: "flood", Ended: 9.5}},
			{Server: "meridian", Scenario: "lossy", Simulcast: true, Lossy: &Lossy{LongestGap: 40, TopLayer: 3.2, LowFrames: 29}},
		},
	}
}

// wellFormed parses a page and returns its texts.
func wellFormed(t *testing.T, page string) []string {
	t.Helper()
	var texts []string
	in := false
	for d := xml.NewDecoder(strings.NewReader(page)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return texts
		}
		if err != nil {
			t.Fatalf("the page is not XML: %v", err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			in = token.Name.Local == "text"
		case xml.EndElement:
			in = false
		case xml.CharData:
			if in {
				texts = append(texts, string(token))
			}
		}
	}
}

func TestThePageHasAPanelForAllThatWasMeasured(t *testing.T) {
	r := sample()
	r.fillRatios()
	texts := wellFormed(t, draw(r))
	for _, want := range []string{
		"Processor time per forwarded packet", "Growth with the audience", "One-way delay", "Joining", "Memory per viewer",
		"janus viewers 50", "39.0 µs = 13.0 ×", "floor 3.0 µs", "meridian storm of 50", "80 / 110 ms", "170 KiB",
	} {
		if !slices.Contains(texts, want) {
			t.Errorf("no text %q in %q", want, texts)
		}
	}
}

func TestThePageLeavesOutWhatWasNotMeasured(t *testing.T) {
	for name, r := range map[string]*Report{
		"nothing":       {},
		"idle only":     {Results: []Result{{Server: "meridian", Scenario: "idle", Load: &Load{}}}},
		"failed":        {Results: []Result{{Failed: "x"}}, Floor: &Floor{Micros: 3}},
		"one audience":  {Results: []Result{{Server: "a", Scenario: "viewers", Viewers: 1, Load: &Load{Micros: 3}}}},
		"without floor": {Results: sample().Results},
	} {
		page := draw(r)
		texts := wellFormed(t, page)
		if strings.Contains(page, "NaN") || strings.Contains(page, "Inf") {
			t.Errorf("%s: a number is none:\n%s", name, page)
		}
		if r.Floor == nil && slices.ContainsFunc(texts, func(s string) bool { return strings.HasPrefix(s, "floor") }) {
			t.Errorf("%s: a floor that was not measured: %q", name, texts)
		}
	}
}

func TestTheTableSaysEverything(t *testing.T) {
	r := sample()
	r.fillRatios()
	var b strings.Builder
	if err := r.writeTable(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"Floor: 3.00 µs", "0.30 / 1.20", "failed: broken & lost", "3 packets were not what was sent", "5 repetitions",
		"20 joins: first packet p50 5", "40 % of the time", "longest audio gap 40 ms", `nacks: the others`, `ended after 9.5 s because of "flood"`, "publishers sent 60 %", "lossy (simulcast)", "13.00",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in:\n%s", want, b.String())
		}
	}
	for line := range strings.Lines(b.String()) {
		if strings.HasPrefix(line, "meridian  idle") && strings.Contains(line, "0.00 ") {
			t.Errorf("an idle server has figures a packet: %s", line)
		}
	}
}

func TestRatiosNeedAFloor(t *testing.T) {
	r := sample()
	r.Floor = nil
	r.fillRatios()
	if r.Results[1].Load.Ratio != 0 {
		t.Error("a ratio to nothing")
	}
}

func TestDeliveredIsOfTheNumbersOfTheWindow(t *testing.T) {
	at := func(expected, lost uint64) light.Snapshot { return light.Snapshot{Expected: expected, Lost: lost} }
	tests := []struct {
		first, last light.Snapshot
		want        float64
	}{
		{at(0, 0), at(100, 0), 1},
		{at(0, 0), at(100, 25), .75},
		{at(1000, 500), at(1100, 500), 1},
		{at(1000, 10), at(1100, 5), 1}, // repaired late
		{at(5, 0), at(5, 0), 1},
	}
	for _, tt := range tests {
		if got := delivered(tt.first, tt.last); got != tt.want {
			t.Errorf("%+v to %+v: %v, want %v", tt.first, tt.last, got, tt.want)
		}
	}
}

func TestJoinsAreSummedUp(t *testing.T) {
	asked := time.Unix(100, 0)
	at := func(ms int) time.Time { return asked.Add(time.Duration(ms) * time.Millisecond) }
	var all []joined
	for range 3 {
		all = append(all, joined{asked: asked, seen: light.Times{Checked: at(5), Secured: at(10), Packet: at(20), Keyframe: at(30)}})
	}
	j := sumUp(all)
	if j.Count != 3 || j.PacketP50 != 20 || j.KeyframeP95 != 30 || j.DTLSP50 != 5 || j.DTLSShare != .25 {
		t.Errorf("%+v", j)
	}
}

func TestTheBadLinkIsJudged(t *testing.T) {
	first := time.Unix(50, 0)
	s := light.Snapshot{LongestGap: 40 * time.Millisecond, Gaps: 1}
	s.Packet, s.Frames = first, 300
	s.LastLayer[2] = first.Add(3 * time.Second)
	y := judge(s, first.Add(10*time.Second))
	if y.LongestGap != 40 || y.Gaps != 1 || y.TopLayer != 3 || y.LowFrames != 30 {
		t.Errorf("%+v", y)
	}
}
