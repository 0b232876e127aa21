package node

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

func TestOnlyTrustedProxiesSayWhomARequestIsFrom(t *testing.T) {
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8:1::/48")}
	for _, c := range []struct{ peer, said, want string }{
		{"10.1.1.1:80", "203.0.113.5", "203.0.113.5:0"},
		{"10.1.1.1:80", "2001:db8:2::7", "[2001:db8:2::7]:0"},
		{"[2001:db8:1::1]:80", "203.0.113.5", "203.0.113.5:0"},
		{"[::ffff:10.1.1.1]:80", "203.0.113.5", "203.0.113.5:0"},
		{"10.1.1.1:80", "6.6.6.6, 203.0.113.5", "203.0.113.5:0"},
		{"10.1.1.1:80", "6.6.6.6, 203.0.113.5, 10.2.2.2", "203.0.113.5:0"},
		{"10.1.1.1:80", "nonsense, 10.3.3.3", "10.3.3.3:0"},
		{"10.1.1.1:80", "203.0.113.5, nonsense", "10.1.1.1:80"},
		{"10.1.1.1:80", "", "10.1.1.1:80"},
		{"203.0.113.9:80", "6.6.6.6", "203.0.113.9:80"},
		{"pipe", "6.6.6.6", "pipe"},
	} {
		var got string
		h := behind(trusted, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.RemoteAddr }))
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = c.peer
		for _, line := range strings.SplitAfter(c.said, ",")[:] {
			r.Header.Add(forwardedFor, strings.Trim(line, ", "))
		}
		h.ServeHTTP(httptest.NewRecorder(), r)
		if got != c.want {
			t.Errorf("%s says %q: from %s, want %s", c.peer, c.said, got, c.want)
		}
	}
}

func FuzzOrigin(f *testing.F) {
	f.Add("10.1.1.1:80", "203.0.113.5, 10.2.2.2")
	f.Add("[fe80::1%eth0]:1", ",,::1%x,")
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fe80::/10")}
	f.Fuzz(func(t *testing.T, peer, said string) {
		r := &http.Request{RemoteAddr: peer, Header: http.Header{forwardedFor: {said}}}
		if a, ok := origin(trusted, r); ok && (!a.IsValid() || a.Zone() != "" || a.Is4In6()) {
			t.Errorf("%q %q: %v", peer, said, a)
		}
	})
}

func TestAFileOfKeysIsReadOrRefusedWithoutRepeatingIt(t *testing.T) {
	cluster, next := bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 32)
	text := base64.StdEncoding.EncodeToString(next)
	for content, want := range map[string][][]byte{
		"cluster":                              {cluster},
		"cluster\n" + text + "\n":              {cluster, next},
		"# rotated\n\n" + text + "\r\ncluster": {next, cluster},
	} {
		got, err := parseKeys(content, cluster)
		if err != nil || len(got) != len(want) || !bytes.Equal(got[0], want[0]) {
			t.Errorf("%q: %d keys, %v", content, len(got), err)
		}
	}
	for _, content := range []string{"", "# nothing", "clusters", "cluster\ncluster", text[:20], text + "\n" + text, "c2hvcnQ="} {
		if _, err := parseKeys(content, cluster); !errors.Is(err, errKeys) || strings.Contains(err.Error(), "c2hvcnQ") {
			t.Errorf("%q: %v", content, err)
		}
	}
	if keys, err := readKeys("", cluster); err != nil || len(keys) != 1 {
		t.Error(len(keys), err)
	}
	if _, err := readKeys(filepath.Join(t.TempDir(), "none"), cluster); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

func FuzzParseKeys(f *testing.F) {
	f.Add("cluster\nAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=")
	f.Add("# x\r\n")
	f.Fuzz(func(t *testing.T, content string) {
		keys, err := parseKeys(content, bytes.Repeat([]byte{1}, 32))
		for _, k := range keys {
			if len(k) != 32 {
				t.Error(len(k))
			}
		}
		if (err == nil) == (len(keys) == 0) {
			t.Error(len(keys), err)
		}
	})
}

func TestAFollowedFileIsReadWhenItChangesOrASIGHUPComes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "keys")
		write := func(content string) {
			if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		write("a")
		ctx, cancel := context.WithCancel(t.Context())
		hup, ticks, ended := make(chan os.Signal), make(chan time.Time), make(chan struct{})
		var log bytes.Buffer
		reads, refuse := 0, false
		go func() {
			defer close(ended)
			followBy(ctx, file, func() error {
				reads++
				if refuse {
					return errors.New("spoiled")
				}
				return nil
			}, slog.New(slog.NewTextHandler(&log, nil)), hup, ticks)
		}()
		tick := func() { ticks <- time.Time{}; synctest.Wait() }
		synctest.Wait()
		for _, step := range []struct {
			what string
			do   func()
			want int
		}{
			{"nothing", tick, 0},
			{"another size", func() { write("ab"); tick() }, 1},
			{"nothing again", tick, 1},
			{"a SIGHUP", func() { hup <- syscall.SIGHUP; synctest.Wait() }, 2},
			{"a spoiled one, said once", func() { refuse = true; write("abc"); tick(); tick() }, 3},
			{"a missing one", func() { _ = os.Remove(file); tick(); tick() }, 3},
			{"it is back", func() { refuse = false; write("abcd"); tick() }, 4},
		} {
			if step.do(); reads != step.want {
				t.Errorf("%s: read %d times, want %d", step.what, reads, step.want)
			}
		}
		cancel()
		<-ended
		if text := log.String(); strings.Count(text, "file read again") != 3 || strings.Count(text, "spoiled") != 1 || strings.Count(text, "no such file") != 1 {
			t.Error(text)
		}
	})
}
