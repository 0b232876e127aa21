package sfu

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// parse splits the arguments of a command: name=value, xN, or a name alone.
// Of encodings that are named it notes that some are.
func (s *stage) parse(fields []string) map[string]string {
	arg := map[string]string{}
	for _, f := range fields {
		key, value, _ := strings.Cut(f, "=")
		if n := strings.TrimPrefix(f, "x"); n != f {
			key, value = "x", n
		}
		if len(f) == 2 && f[0] == 'e' {
			arg["encodings"] = "named"
		}
		arg[key] = value
	}
	return arg
}

func (s *stage) atoi(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		s.t.Fatal(err)
	}
	return n
}

func (s *stage) number(arg map[string]string, key string, otherwise int) int {
	if arg[key] == "" {
		return otherwise
	}
	return s.atoi(arg[key])
}

func (s *stage) duration(text string) time.Duration {
	d, err := time.ParseDuration(text)
	if err != nil {
		s.t.Fatal(err)
	}
	return d
}

func (s *stage) span(arg map[string]string, key string, otherwise time.Duration) time.Duration {
	if arg[key] == "" {
		return otherwise
	}
	return s.duration(arg[key])
}

// encoding is the N of eN.
func (s *stage) encoding(text string) int { return s.atoi(strings.TrimPrefix(text, "e")) }

func (s *stage) find(name string) *performer {
	for _, p := range s.sources {
		if p.name == name {
			return p
		}
	}
	s.t.Fatalf("no source %q", name)
	return nil
}

func (s *stage) upTrack(name string) *UpTrack {
	if name == "none" {
		return nil
	}
	return s.find(name).up
}

func (s *stage) seat(name string) *seat {
	for _, a := range s.slots {
		if a.name == name {
			return a
		}
	}
	s.t.Fatalf("no slot %q", name)
	return nil
}

// layer reads s1t2, "top" or "none".
func (s *stage) layer(text string) (l Layer) {
	switch text {
	case "none":
		return NoLayer
	case "top":
		return TopLayer
	}
	if _, err := fmt.Sscanf(text, "s%dt%d", &l.Spatial, &l.Temporal); err != nil {
		s.t.Fatalf("no layer %q", text)
	}
	return l
}

func layerName(l Layer) string {
	if l == NoLayer {
		return "nothing"
	}
	return fmt.Sprintf("s%dt%d", l.Spatial, l.Temporal)
}
