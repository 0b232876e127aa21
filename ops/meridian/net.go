package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/meridian-video/meridian/geo"
	"github.com/meridian-video/meridian/ops/catalog"
	"github.com/meridian-video/meridian/ops/picture"
)

// netCommand is the picture that /ops draws, in letters.
type netCommand struct {
	operator
	Room  string `placeholder:"COMPANY/ROOM" help:"Show where a room is, and the ways of its tracks."`
	Watch bool   `help:"Print anew every second."`
	JSON  bool   `help:"Print JSON instead of the tables."`
}

// Run asks any edge for the whole network.
func (c *netCommand) Run(ctx context.Context, p *process) error {
	path := "/ops/net.json"
	if c.Room != "" {
		if company, room, _ := strings.Cut(c.Room, "/"); company == "" || room == "" {
			return refuse(fmt.Errorf("--room: %q is not company/room", c.Room))
		}
		path += "?" + url.Values{"room": {c.Room}}.Encode()
	}
	for {
		var n picture.Network
		if err := c.ask(ctx, p, http.MethodGet, path, &n); err != nil {
			return unlessOver(ctx, c.Watch, err)
		}
		if err := c.print(p.stdout, n); err != nil || !c.Watch {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(time.Second):
		}
	}
}

// unlessOver drops the error of a watch that was told to end.
func unlessOver(ctx context.Context, watch bool, err error) error {
	if watch && ctx.Err() != nil {
		return nil
	}
	return err
}

// wipe empties a terminal and begins at its top.
const wipe = "\x1b[H\x1b[2J"

func (c *netCommand) print(w io.Writer, n picture.Network) error {
	if c.JSON {
		return printJSON(w, n)
	}
	var b strings.Builder
	if c.Watch {
		b.WriteString(wipe)
	}
	fmt.Fprintf(&b, "As %s sees it at %s: %s in %s.\n\n", n.By, n.At.Format(time.TimeOnly+" MST"), count(n.People, "person", "people"), count(n.Rooms, "room", "rooms"))
	writeNodes(&b, n)
	writeLinks(&b, n)
	writeRooms(&b, n)
	if n.Room != nil {
		writeRoom(&b, *n.Room)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// columns writes a table and an empty line; one without rows is left out.
func columns(b *strings.Builder, head string, rows [][]string) {
	if len(rows) == 0 {
		return
	}
	w := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, head)
	for _, row := range rows {
		for i, cell := range row {
			row[i] = catalog.Visible(cell)
		}
		fmt.Fprintln(w, strings.Join(row, "\t"))
	}
	_ = w.Flush() // a Builder takes everything
	b.WriteByte('\n')
}

func writeNodes(b *strings.Builder, n picture.Network) {
	var rows [][]string
	for _, node := range n.Nodes {
		load, people, homes := "-", "-", "-"
		if node.Role == geo.RoleEdge {
			load = fmt.Sprintf("%.0f %%", 100*node.Load)
		}
		if node.Role == geo.RoleEdge && node.State != picture.NodeSilent {
			people, homes = fmt.Sprint(node.People), fmt.Sprint(node.Homes)
		}
		rows = append(rows, []string{
			string(node.ID), string(node.POP), standsAt(node), string(node.State), load, people, homes, cmp.Or(node.Version, "-"),
		})
	}
	columns(b, "NODE\tPOP\tPLACE\tSTATE\tLOAD\tPEOPLE\tROOMS\tVERSION", rows)
}

// standsAt is the city of a node, else its coordinates, else whom it is near to.
func standsAt(n picture.Node) string {
	switch {
	case n.Site != nil && n.Site.City != "":
		return n.Site.City
	case n.Site != nil:
		return fmt.Sprintf("%.1f,%.1f", n.Site.Lat, n.Site.Lon)
	case n.Near != "":
		return fmt.Sprintf("%s from %s", shortMillis(n.Away), n.Near)
	}
	return "-"
}

// writeLinks lists both directions, the worst first.
func writeLinks(b *strings.Builder, n picture.Network) {
	type way struct {
		from geo.NodeID
		picture.Way
	}
	var ways []way
	for _, l := range n.Links {
		if l.There != nil {
			ways = append(ways, way{l.A, *l.There})
		}
		if l.Back != nil {
			ways = append(ways, way{l.B, *l.Back})
		}
	}
	slices.SortStableFunc(ways, func(x, y way) int { return y.State.Compare(x.State) })
	var rows [][]string
	for _, w := range ways {
		to := string(w.To)
		if w.Via != "" {
			to += " over " + string(w.Via)
		}
		if !w.Up {
			rows = append(rows, []string{string(w.from), to, string(w.State), "-", "-", "-", "-", "-", "-"})
			continue
		}
		rows = append(rows, []string{
			string(w.from), to, string(w.State), shortMillis(w.RTT), fmt.Sprintf("%.1f %%", 100*w.Loss), bitrate(w.Sent), bitrate(w.Available), fmt.Sprint(w.Out), age(n.At.Sub(w.Since)),
		})
	}
	columns(b, "FROM\tTO\tSTATE\tRTT\tLOSS\tSENT\tMAY SEND\tTRACKS\tFOR", rows)
}

// writeRooms lists the largest rooms, as many as are read at a glance.
func writeRooms(b *strings.Builder, n picture.Network) {
	const most = 10
	var rows [][]string
	for _, r := range n.Listed[:min(len(n.Listed), most)] {
		rows = append(rows, []string{r.Company + "/" + r.Room, fmt.Sprint(r.People), homesOf(r.Homes)})
	}
	columns(b, "ROOM\tPEOPLE\tHOME", rows)
	if more := len(n.Listed) - most; more > 0 {
		fmt.Fprintf(b, "and %d more; --json has them\n", more)
	}
}

func homesOf(list []geo.NodeID) string {
	switch len(list) {
	case 0:
		return "does not answer"
	case 1:
		return string(list[0])
	}
	var names []string
	for _, id := range list {
		names = append(names, string(id))
	}
	return strings.Join(names, " and ") + " (partition)"
}

func writeRoom(b *strings.Builder, c picture.Chosen) {
	name := catalog.Visible(c.Company + "/" + c.Room)
	if !c.Known {
		fmt.Fprintf(b, "No node knows %s now.\n", name)
		return
	}
	fmt.Fprintf(b, "%s: %s, home %s\n", name, count(c.People, "person", "people"), homesOf(c.Homes))
	var rows [][]string
	for _, l := range c.Leaves {
		rows = append(rows, []string{string(l.Node), fmt.Sprint(l.People)})
	}
	columns(b, "NODE\tPEOPLE", rows)
	rows = nil
	for _, f := range c.Flows {
		rows = append(rows, []string{string(f.Origin), string(f.From), string(f.To), fmt.Sprint(f.Tracks), cmp.Or(string(f.Backup), "-")})
	}
	columns(b, "TRACKS OF\tFROM\tTO\tTRACKS\tBACKUP", rows)
	for _, t := range c.Trees {
		for _, id := range t.Seeking {
			fmt.Fprintf(b, "%s looks for a way to %s of %s\n", id, cmp.Or(t.Kind, "a track"), t.Origin)
		}
	}
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

func shortMillis(ms float64) string {
	switch {
	case ms == 0:
		return "-"
	case ms < 10:
		return fmt.Sprintf("%.1f ms", ms)
	}
	return fmt.Sprintf("%.0f ms", ms)
}

func bitrate(bits float64) string {
	switch {
	case bits < 1:
		return "-"
	case bits < 1e6:
		return fmt.Sprintf("%.0f kbit/s", max(bits/1e3, 1))
	}
	return fmt.Sprintf("%.1f Mbit/s", bits/1e6)
}

// age is how long, in one unit.
func age(d time.Duration) string {
	switch {
	case d < 0, d > 100*365*24*time.Hour: // of clocks that differ, or not said
		return "-"
	case d < time.Minute:
		return fmt.Sprintf("%.0fs", d.Seconds())
	case d < time.Hour:
		return fmt.Sprintf("%.0fm", d.Minutes())
	case d < 48*time.Hour:
		return fmt.Sprintf("%.0fh", d.Hours())
	}
	return fmt.Sprintf("%.0fd", d.Hours()/24)
}
