package catalog

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"unicode"
)

// columns of lists, where the first of an answer's members are not the best.
var columns = map[string][]string{
	"api-key":      {"id", "name", "scopes", "expires", "last_used", "revoked"},
	"attendee":     {"id", "meeting", "role", "user", "customer", "email"},
	"company":      {"id", "name", "status", "reseller", "subdomain"},
	"key":          {"id", "name", "algorithm", "active", "created_at"},
	"meeting":      {"id", "subject", "room", "user", "starts_at", "status"},
	"room":         {"id", "public_id", "name", "kind", "open", "user"},
	"subscription": {"id", "plan", "host_limit", "users", "ends"},
	"user":         {"id", "name", "first_name", "last_name", "email", "role", "inactive"},
	"webhook":      {"id", "kind", "url", "events", "disabled"},
}

// kept are members of every answer that say nothing about the thing.
var kept = []string{"company", "number", "created_at", "updated_at", "version"}

const (
	mostColumns = 7
	widest      = 60 // runes of a cell in a list
)

// Rows writes a list of things: a header, a line each. Columns that are empty
// in every line are left out.
func Rows(w io.Writer, thing string, items []json.RawMessage) error {
	rows := make([]map[string]string, len(items))
	var names []string
	for i, item := range items {
		cells, err := flatten(item)
		if err != nil {
			return err
		}
		rows[i] = map[string]string{}
		for _, c := range cells {
			rows[i][c.name] = c.value
			if !slices.Contains(names, c.name) && !strings.Contains(c.name, ".") && !slices.Contains(kept, c.name) {
				names = append(names, c.name)
			}
		}
	}
	if chosen := columns[thing]; chosen != nil {
		names = chosen
	}
	names = slices.DeleteFunc(slices.Clone(names), func(name string) bool {
		return !slices.ContainsFunc(rows, func(row map[string]string) bool { return row[name] != "" })
	})
	names = names[:min(len(names), mostColumns)]
	return write(w, names, rows)
}

func write(w io.Writer, names []string, rows []map[string]string) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, strings.ToUpper(strings.ReplaceAll(strings.Join(names, "\t"), "_", " ")))
	for _, row := range rows {
		cells := make([]string, len(names))
		for i, name := range names {
			cells[i] = short(row[name])
		}
		fmt.Fprintln(t, strings.Join(cells, "\t"))
	}
	return t.Flush()
}

func short(value string) string {
	if runes := []rune(value); len(runes) > widest {
		return string(runes[:widest-1]) + "…"
	}
	if value == "" {
		return "-"
	}
	return value
}

// Card writes one thing, a line a member.
func Card(w io.Writer, item json.RawMessage) error {
	cells, err := flatten(item)
	if err != nil {
		return err
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, c := range cells {
		fmt.Fprintf(t, "%s\t%s\n", c.name, c.value)
	}
	return t.Flush()
}

type cell struct{ name, value string }

// flatten reads an object in the order of its members, inner ones with dots.
func flatten(item json.RawMessage) ([]cell, error) {
	d := json.NewDecoder(bytes.NewReader(item))
	first, err := d.Token()
	if err != nil {
		return nil, fmt.Errorf("unreadable answer: %w", err)
	}
	if first != json.Delim('{') {
		return []cell{{"value", plain(item)}}, nil
	}
	return members(d, "", nil)
}

func members(d *json.Decoder, before string, out []cell) ([]cell, error) {
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, fmt.Errorf("unreadable answer: %w", err)
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, fmt.Errorf("unreadable answer: %w", err)
		}
		full := before + Visible(fmt.Sprint(name))
		if len(value) > 0 && value[0] == '{' && strings.Count(full, ".") < depth {
			inner := json.NewDecoder(bytes.NewReader(value))
			if _, err := inner.Token(); err != nil {
				return nil, err
			}
			if out, err = members(inner, full+".", out); err != nil {
				return nil, err
			}
			continue
		}
		out = append(out, cell{full, plain(value)})
	}
	return out, nil
}

// plain is a value as people write it.
func plain(value json.RawMessage) string {
	var text string
	var list []string
	switch {
	case json.Unmarshal(value, &text) == nil:
		return Visible(text)
	case json.Unmarshal(value, &list) == nil:
		return Visible(strings.Join(list, ","))
	}
	return Visible(string(value))
}

// Visible keeps what strangers wrote from moving the cursor of a terminal.
func Visible(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			return '·'
		}
		return r
	}, text)
}
