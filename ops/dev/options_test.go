package dev

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestOptionsValidate(t *testing.T) {
	tests := []struct {
		name   string
		change func(*Options)
		want   []string // one word of each complaint
	}{
		{"default", func(*Options) {}, nil},
		{"one POP", func(o *Options) { o.POPs = 1 }, nil},
		{"twelve POPs", func(o *Options) { o.POPs = 12 }, nil},
		{"no POP", func(o *Options) { o.POPs = 0 }, []string{"--pops 0"}},
		{"thirteen POPs", func(o *Options) { o.POPs = 13 }, []string{"--pops 13"}},
		{"every address", func(o *Options) { o.Listen = "::" }, nil},
		{"a name", func(o *Options) { o.Listen = "localhost" }, []string{`--listen "localhost"`}},
		{"an address with a port", func(o *Options) { o.Listen = "127.0.0.1:80" }, []string{"--listen"}},
		{"no address", func(o *Options) { o.Listen = "" }, []string{"--listen"}},
		{"lowest port", func(o *Options) { o.Port = 2 }, nil},
		{"no room for the API", func(o *Options) { o.Port = 1 }, []string{"--port 1"}},
		{"highest port", func(o *Options) { o.Port = 65533 }, nil},
		{"no room for the third POP", func(o *Options) { o.Port = 65534 }, []string{"between 2 and 65533"}},
		{"room for one", func(o *Options) { o.Port, o.POPs = 65535, 1 }, nil},
		{"four readers", func(o *Options) { o.Readers = 4 }, nil},
		{"fewer than none", func(o *Options) { o.Readers = -1 }, []string{"--readers -1"}},
		{"all wrong", func(o *Options) { *o = Options{Port: -1} }, []string{"--pops", "--listen", "--port"}},
	}
	for _, test := range tests {
		o := DefaultOptions()
		test.change(&o)
		err := o.Validate()
		if (err == nil) != (test.want == nil) {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		for _, want := range test.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v does not say %q", test.name, err, want)
			}
		}
	}
}

func TestOptionsDir(t *testing.T) {
	cache := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", cache)
	o := DefaultOptions()
	if dir, err := o.Dir(); err != nil || !strings.HasSuffix(dir, filepath.Join("meridian", "dev")) {
		t.Errorf("%s, %v", dir, err)
	}
	o.Data = "x"
	if dir, err := o.Dir(); err != nil || !filepath.IsAbs(dir) || filepath.Base(dir) != "x" {
		t.Errorf("%s, %v", dir, err)
	}
}
