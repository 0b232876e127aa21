package path

import (
	"strings"
	"testing"
	"time"
)

func TestLinkInWords(t *testing.T) {
	base := Link{Delay: 10 * time.Millisecond, Loss: 0.5}
	for _, test := range []struct {
		words string
		want  Link
	}{
		{"", base},
		{"delay=80ms jitter=2ms", Link{Delay: 80 * time.Millisecond, Jitter: 2 * time.Millisecond, Loss: 0.5}},
		{"perfect", Link{}},
		{"perfect loss=2% burst=5", Link{Loss: 0.02, Burst: 5}},
		{"loss=0.02", Link{Delay: 10 * time.Millisecond, Loss: 0.02}},
		{"perfect rate=100mbit queue=50ms mtu=1400", Link{Rate: 100_000_000, Queue: 50 * time.Millisecond, MTU: 1400}},
		{"perfect rate=1.5gbit dup=1% reorder=true", Link{Rate: 1_500_000_000, Duplicate: 0.01, Reorder: true}},
	} {
		got, err := base.With(strings.Fields(test.words)...)
		if err != nil || got != test.want {
			t.Errorf("%q: got %+v, %v", test.words, got, err)
		}
	}
}

func TestWrongWordsAreNamed(t *testing.T) {
	for words, want := range map[string]string{
		"delay":             `"delay" is not KEY=VALUE; keys are delay, jitter`,
		"speed=1":           `no key "speed"; keys are delay, jitter`,
		"delay=80":          "delay=80 is not like 80ms",
		"loss=much":         "loss=much is not like 2%",
		"rate=100":          "rate=100 is not like 100mbit",
		"rate=1e300gbit":    "rate=1e300gbit is not like 100mbit",
		"reorder=perhaps":   "reorder=perhaps is not like true",
		"loss=101%":         "is not 0 to 100%",
		"loss=NaN":          "loss NaN% is not 0 to 100%",
		"delay=-1ms":        "delay -1ms is not 0 to 1m0s",
		"queue=2h":          "queue 2h0m0s is not 0 to 1m0s",
		"mtu=10":            "mtu 10 is not 68 to 65535 bytes",
		"burst=-1":          "burst -1 is not 0 to 10000 packets",
		"loss=90% burst=2":  "bursts of 2 packets cannot make a loss of 90%",
		"loss=100% burst=2": "bursts of 2 packets cannot make a loss of 100%",
		"rate=-1mbit":       "rate -1000000 is not 0 to",
	} {
		_, err := Link{}.With(strings.Fields(words)...)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", words, err, want)
		}
	}
}

// FuzzLink: what is taken is valid, and its own words give it again.
func FuzzLink(f *testing.F) {
	for _, s := range []string{"delay=80ms jitter=2ms loss=2% burst=5 rate=100mbit queue=50ms mtu=1400", "perfect", "dup=0.1% reorder=1", "loss=1e-9", "rate=0.5bit", "=", "loss=%"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		l, err := Link{}.With(strings.Fields(s)...)
		if err != nil {
			return
		}
		if err := l.Validate(); err != nil {
			t.Fatalf("%q gives %v: %v", s, l, err)
		}
		again, err := Link{}.With(strings.Fields(l.String())...)
		if err != nil || again.String() != l.String() {
			t.Fatalf("%q gives %v, whose words give %v, %v", s, l, again, err)
		}
		n := pair(l)
		n.Send(start, 0, 1, make([]byte, 100))
		n.Due(start.Add(time.Hour))
	})
}
