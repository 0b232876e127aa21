//go:build linux

package main

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"text/tabwriter"
	"time"
)

// Report is one run: what its JSON holds and its page is drawn from.
type Report struct {
	At      time.Time `json:"at"`
	CPU     string    `json:"cpu"`
	Cores   int       `json:"cores"`
	Kernel  string    `json:"kernel"`
	Go      string    `json:"go"`
	Floor   *Floor    `json:"floor,omitempty"`
	Results []Result  `json:"results"`
	Notes   []string  `json:"notes,omitempty"`
}

// Result is one scenario on one server. What does not apply is absent.
type Result struct {
	Server    string   `json:"server"`
	Scenario  string   `json:"scenario"`
	Viewers   int      `json:"viewers,omitempty"`
	Simulcast bool     `json:"simulcast,omitempty"` // asked for and agreed to
	Seconds   float64  `json:"seconds,omitempty"`
	Load      *Load    `json:"load,omitempty"`
	Delay     *Delay   `json:"delay_ms,omitempty"`
	Memory    float64  `json:"memory_kib_per_viewer,omitempty"` // growth of resident memory
	Join      *Join    `json:"join_ms,omitempty"`
	Lossy     *Lossy   `json:"lossy,omitempty"`
	Hostile   *Hostile `json:"hostile,omitempty"`
	Failed    string   `json:"failed,omitempty"`
}

// Load is what the server did and what it spent. Micros is processor time per
// packet of media that arrived at a viewer; repetitions and padding are work
// that is not counted.
type Load struct {
	Micros    float64 `json:"cpu_us_per_packet,omitempty"`
	User      float64 `json:"user_us_per_packet,omitempty"`
	Ratio     float64 `json:"times_floor,omitempty"`
	Rate      float64 `json:"packets_per_second,omitempty"`
	Delivered float64 `json:"delivered_percent,omitempty"` // of the sequence numbers that viewers saw begin
	Paced     float64 `json:"sent_percent,omitempty"`      // of what publishers meant to send
	Repeats   float64 `json:"repeats_per_second,omitempty"`
	Padding   float64 `json:"padding_per_second,omitempty"`
	Requests  float64 `json:"keyframe_requests_per_second,omitempty"` // that reached publishers
	Opened    uint64  `json:"decrypted,omitempty"`
	Bad       uint64  `json:"bad,omitempty"`
	Server    float64 `json:"server_cores"`
	Generator float64 `json:"generator_cores"`
}

// Delay is one way, in milliseconds: from a publisher's write to the kernel's
// receipt for a viewer.
type Delay struct {
	P50     float64 `json:"p50"`
	P95     float64 `json:"p95"`
	P99     float64 `json:"p99"`
	Samples int     `json:"samples"`
}

// Join is how long joins took, in milliseconds after the request.
type Join struct {
	Count       int     `json:"count"`
	PacketP50   float64 `json:"first_packet_p50"`
	PacketP95   float64 `json:"first_packet_p95"`
	KeyframeP50 float64 `json:"first_keyframe_p50"`
	KeyframeP95 float64 `json:"first_keyframe_p95"`
	DTLSP50     float64 `json:"dtls_p50"`   // from the answer to the first check until the handshake is done
	DTLSShare   float64 `json:"dtls_share"` // of the time to the first packet, median
}

// Lossy is one viewer behind a bad link, among others behind good ones.
type Lossy struct {
	LongestGap float64 `json:"longest_audio_gap_ms"`
	Gaps       int     `json:"audio_gaps_over_60_ms"`
	TopLayer   float64 `json:"top_layer_last_seen_s"` // after the viewer's first packet
	LowFrames  float64 `json:"frames_per_second"`     // whole run, any layer
	OthersP95  float64 `json:"others_p95_ms"`
	BeforeP95  float64 `json:"others_p95_before_ms"`
}

// Hostile is one viewer that offends, among honest ones. Before is with an
// honest one in its place.
type Hostile struct {
	Offence        string  `json:"offence"`
	OthersP95      float64 `json:"others_p95_ms"`
	BeforeP95      float64 `json:"others_p95_before_ms"`
	BeforeMicros   float64 `json:"cpu_us_per_packet_before"`
	BeforeRequests float64 `json:"keyframe_requests_per_second_before"`
	Cause          string  `json:"ended_because_of,omitempty"`
	Ended          float64 `json:"ended_after_s"`
}

func newReport() Report {
	r := Report{At: time.Now().UTC().Truncate(time.Second), Cores: runtime.NumCPU(), Go: runtime.Version()}
	if b, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		r.CPU = field(string(b), "model name")
	}
	if b, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		r.Kernel = strings.TrimSpace(string(b))
	}
	return r
}

// field is the value of the first line "name : value".
func field(text, name string) string {
	for line := range strings.Lines(text) {
		if k, v, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(k) == name {
			return strings.TrimSpace(v)
		}
	}
	return ""
}

// fillRatios relates every load to the floor.
func (r *Report) fillRatios() {
	if r.Floor == nil || r.Floor.Micros <= 0 {
		return
	}
	for i := range r.Results {
		if l := r.Results[i].Load; l != nil {
			l.Ratio = l.Micros / r.Floor.Micros
		}
	}
}

// writeTable prints the report for people.
func (r *Report) writeTable(w io.Writer) error {
	fmt.Fprintf(w, "\n%d cores of %s, Linux %s, %s; the generator shares them.\n", r.Cores, r.CPU, r.Kernel, r.Go)
	if r.Floor != nil {
		fmt.Fprintf(w, "Floor: %.2f µs a packet to %d destinations (user %.2f; sealing alone %.2f).\n", r.Floor.Micros, r.Floor.Destinations, r.Floor.User, r.Floor.Seal)
	}
	fmt.Fprintln(w)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "server\tscenario\tviewers\tµs/packet\tuser\t× floor\tpackets/s\t% here\tdelay p50/p99 ms\tcores\tgenerator\tKiB/viewer")
	for i := range r.Results {
		fmt.Fprintln(t, r.Results[i].line())
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(w)
	for i := range r.Results {
		for _, s := range r.Results[i].remarks() {
			fmt.Fprintf(w, "%s %s: %s\n", r.Results[i].Server, r.Results[i].Scenario, s)
		}
	}
	for _, n := range r.Notes {
		fmt.Fprintln(w, n)
	}
	return nil
}

// line is a result as cells of the table.
func (r *Result) line() string {
	name := r.Scenario
	if r.Simulcast {
		name += " (simulcast)"
	}
	cells := []string{r.Server, name, number("%.0f", float64(r.Viewers))}
	if l := r.Load; l != nil {
		cells = append(cells, number("%.2f", l.Micros), number("%.2f", l.User), number("%.2f", l.Ratio), number("%.0f", l.Rate), number("%.2f", l.Delivered))
	} else {
		cells = append(cells, "", "", "", "", "")
	}
	delay := ""
	if d := r.Delay; d != nil {
		delay = fmt.Sprintf("%.2f / %.2f", d.P50, d.P99)
	}
	cells = append(cells, delay)
	if l := r.Load; l != nil {
		cells = append(cells, fmt.Sprintf("%.3f", l.Server), fmt.Sprintf("%.3f", l.Generator))
	} else {
		cells = append(cells, "", "")
	}
	return strings.Join(append(cells, number("%.0f", r.Memory)), "\t")
}

// starved is below which share of its pace the generator had too little of the
// machine, in percent.
const starved = 97

// number writes a value, and nothing where there is none.
func number(format string, v float64) string {
	if v == 0 {
		return ""
	}
	return fmt.Sprintf(format, v)
}

// remarks says what has no column.
func (r *Result) remarks() []string {
	var out []string
	if r.Failed != "" {
		out = append(out, "failed: "+r.Failed)
	}
	if l := r.Load; l != nil && l.Bad > 0 {
		out = append(out, fmt.Sprintf("%d packets were not what was sent", l.Bad))
	}
	if l := r.Load; l != nil && l.Paced > 0 && l.Paced < starved {
		out = append(out, fmt.Sprintf("publishers sent %.0f %% of what they meant to: the machine was too busy, and the delays say nothing about the server", l.Paced))
	}
	if l := r.Load; l != nil && l.Repeats+l.Padding > 1 {
		out = append(out, fmt.Sprintf("besides media %.0f repetitions and %.0f packets of padding a second", l.Repeats, l.Padding))
	}
	if j := r.Join; j != nil {
		out = append(out, fmt.Sprintf("%d joins: first packet p50 %.0f, p95 %.0f ms; first keyframe p50 %.0f, p95 %.0f ms; DTLS p50 %.0f ms, %.0f %% of the time to the first packet",
			j.Count, j.PacketP50, j.PacketP95, j.KeyframeP50, j.KeyframeP95, j.DTLSP50, 100*j.DTLSShare))
	}
	if y := r.Lossy; y != nil {
		out = append(out, fmt.Sprintf("longest audio gap %.0f ms, %d over 60 ms; %.1f frames/s; top layer last seen after %.1f s; the others' p95 %.2f ms, before %.2f ms",
			y.LongestGap, y.Gaps, y.LowFrames, y.TopLayer, y.OthersP95, y.BeforeP95))
	}
	if h := r.Hostile; h != nil && r.Load != nil {
		out = append(out, fmt.Sprintf("%s: the others' p95 %.2f ms, before %.2f ms; %.2f µs a packet of theirs, before %.2f; %.1f keyframe requests/s, before %.1f; ended after %.1f s because of %q",
			h.Offence, h.OthersP95, h.BeforeP95, r.Load.Micros, h.BeforeMicros, r.Load.Requests, h.BeforeRequests, h.Ended, h.Cause))
	}
	return out
}
