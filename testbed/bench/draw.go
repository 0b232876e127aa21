//go:build linux

package main

import (
	"fmt"
	"slices"
)

// draw makes the page of a report. Panels that the run has nothing for are left out.
func draw(r *Report) string {
	p := &page{}
	p.y = 26
	p.text(24, p.y, "h", "What the SFU costs")
	p.text(24, p.y+20, "s", fmt.Sprintf("%s · %d cores of %s, shared with the generator · Linux %s · %s", r.At.Format("2006-01-02"), r.Cores, r.CPU, r.Kernel, r.Go))
	p.y += 20
	drawLoads(p, r)
	drawGrowth(p, r)
	drawDelays(p, r)
	drawJoins(p, r)
	drawMemory(p, r)
	return p.finish()
}

// classes gives each server a colour, in the order in which they come.
func classes(r *Report) map[string]string {
	out := map[string]string{}
	for i := range r.Results {
		name := r.Results[i].Server
		if _, known := out[name]; !known {
			out[name] = string("abcd"[min(len(out), 3)])
		}
	}
	return out
}

func nameOf(x *Result) string {
	name := x.Server + " " + x.Scenario
	if x.Viewers > 0 {
		name += fmt.Sprintf(" %d", x.Viewers)
	}
	return name
}

func drawLoads(p *page, r *Report) {
	var rows []bar
	colour := classes(r)
	for i := range r.Results {
		x := &r.Results[i]
		if x.Load == nil || x.Load.Micros == 0 {
			continue
		}
		label := fmt.Sprintf("%.1f µs", x.Load.Micros)
		if x.Load.Ratio > 0 {
			label += fmt.Sprintf(" = %.1f ×", x.Load.Ratio)
		}
		rows = append(rows, bar{nameOf(x), colour[x.Server], x.Load.Micros, x.Load.User, label})
	}
	if len(rows) == 0 {
		return
	}
	floor, name := 0.0, ""
	if r.Floor != nil {
		floor, name = r.Floor.Micros, fmt.Sprintf("floor %.1f µs", r.Floor.Micros)
	}
	p.heading("Processor time per forwarded packet", "Full colour: user mode. Pale: the kernel. Floor: seal and sendmmsg alone, in the same run.")
	p.bars(rows, floor, name)
}

func drawGrowth(p *page, r *Report) {
	var trends []trend
	colour := classes(r)
	for i := range r.Results {
		x := &r.Results[i]
		if x.Scenario != "viewers" || x.Load == nil || x.Load.Micros == 0 {
			continue
		}
		k := slices.IndexFunc(trends, func(t trend) bool { return t.name == x.Server })
		if k < 0 {
			trends = append(trends, trend{name: x.Server, class: colour[x.Server]})
			k = len(trends) - 1
		}
		trends[k].x, trends[k].y = append(trends[k].x, float64(x.Viewers)), append(trends[k].y, x.Load.Micros)
	}
	if len(trends) == 0 {
		return
	}
	floor := 0.0
	if r.Floor != nil {
		floor = r.Floor.Micros
	}
	p.heading("Growth with the audience", "µs per forwarded packet, one publisher. A level line means that the whole grows linearly.")
	p.lines(trends, floor, "floor", "viewers")
}

func drawDelays(p *page, r *Report) {
	var rows []bar
	colour := classes(r)
	for i := range r.Results {
		if x := &r.Results[i]; x.Delay != nil {
			rows = append(rows, bar{nameOf(x), colour[x.Server], x.Delay.P99, x.Delay.P50, fmt.Sprintf("%.2f / %.2f ms", x.Delay.P50, x.Delay.P99)})
		}
	}
	if len(rows) > 0 {
		p.heading("One-way delay", "Full colour: p50. Pale: up to p99. From a publisher's write to the kernel's receipt for a viewer.")
		p.bars(rows, 0, "")
	}
}

func drawJoins(p *page, r *Report) {
	var rows []bar
	colour := classes(r)
	for i := range r.Results {
		x := &r.Results[i]
		if x.Join == nil {
			continue
		}
		name := x.Server + " one join"
		j := x.Join
		if x.Scenario == "storm" {
			name = fmt.Sprintf("%s storm of %d", x.Server, j.Count)
		}
		rows = append(rows, bar{name, colour[x.Server], j.PacketP95, j.PacketP50, fmt.Sprintf("%.0f / %.0f ms", j.PacketP50, j.PacketP95)})
	}
	if len(rows) > 0 {
		p.heading("Joining", "From the request to the first packet of media. Full colour: p50. Pale: up to p95.")
		p.bars(rows, 0, "")
	}
}

func drawMemory(p *page, r *Report) {
	var rows []bar
	colour := classes(r)
	for i := range r.Results {
		if x := &r.Results[i]; x.Memory > 0 {
			rows = append(rows, bar{nameOf(x), colour[x.Server], x.Memory, x.Memory, fmt.Sprintf("%.0f KiB", x.Memory)})
		}
	}
	if len(rows) > 0 {
		p.heading("Memory per viewer", "Growth of resident memory over that of one viewer.")
		p.bars(rows, 0, "")
	}
}
