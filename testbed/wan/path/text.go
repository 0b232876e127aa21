package path

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// With changes what the words name, such as "delay=80ms", "loss=2%" or
// "rate=100mbit", and leaves the rest of the link as it is. "perfect" takes all
// impairments away.
func (l Link) With(words ...string) (Link, error) {
	for _, word := range words {
		if word == "perfect" {
			l = Link{}
			continue
		}
		key, value, ok := strings.Cut(word, "=")
		if !ok {
			return l, fmt.Errorf("%q is not KEY=VALUE; keys are %s", word, keys)
		}
		if err := l.set(key, value); err != nil {
			return l, err
		}
	}
	return l, l.Validate()
}

// keys of With.
const keys = "delay, jitter, loss, burst, dup, reorder, rate, queue, mtu"

func (l *Link) set(key, value string) (err error) {
	example := ""
	switch key {
	case "delay":
		example = "80ms"
		l.Delay, err = time.ParseDuration(value)
	case "jitter":
		example = "2ms"
		l.Jitter, err = time.ParseDuration(value)
	case "queue":
		example = "50ms"
		l.Queue, err = time.ParseDuration(value)
	case "loss":
		example = "2%"
		l.Loss, err = parseShare(value)
	case "dup":
		example = "1%"
		l.Duplicate, err = parseShare(value)
	case "burst":
		example = "5 (packets)"
		l.Burst, err = strconv.ParseFloat(value, 64)
	case "reorder":
		example = "true"
		l.Reorder, err = strconv.ParseBool(value)
	case "rate":
		example = "100mbit"
		l.Rate, err = parseRate(value)
	case "mtu":
		example = "1400 (bytes)"
		l.MTU, err = strconv.Atoi(value)
	default:
		return fmt.Errorf("no key %q; keys are %s", key, keys)
	}
	if err != nil {
		return fmt.Errorf("%s=%s is not like %s", key, value, example)
	}
	return nil
}

// parseShare reads 2% or 0.02.
func parseShare(s string) (float64, error) {
	number, percent := strings.CutSuffix(s, "%")
	x, err := strconv.ParseFloat(number, 64)
	if percent {
		x /= 100
	}
	return x, err
}

// units of a rate, in bit/s, the largest first.
var units = []struct {
	name string
	bits int64
}{{"gbit", 1e9}, {"mbit", 1e6}, {"kbit", 1e3}, {"bit", 1}}

func parseRate(s string) (int64, error) {
	for _, u := range units {
		number, ok := strings.CutSuffix(s, u.name)
		if !ok {
			continue
		}
		x, err := strconv.ParseFloat(number, 64)
		if err != nil || !(math.Abs(x) <= maxRate) { // beyond it the product means nothing
			return 0, fmt.Errorf("rate %q", s)
		}
		return int64(math.Round(min(x*float64(u.bits), 2*maxRate))), nil
	}
	return 0, fmt.Errorf("rate %q has no unit", s)
}

// String is the link in the words of With.
func (l Link) String() string {
	var words []string
	add := func(there bool, format string, args ...any) {
		if there {
			words = append(words, fmt.Sprintf(format, args...))
		}
	}
	add(l.Delay != 0, "delay=%v", l.Delay)
	add(l.Jitter != 0, "jitter=%v", l.Jitter)
	add(l.Loss != 0, "loss=%s%%", percent(l.Loss))
	add(l.Burst != 0, "burst=%v", l.Burst)
	add(l.Duplicate != 0, "dup=%s%%", percent(l.Duplicate))
	add(l.Reorder, "reorder=true")
	add(l.Rate != 0, "rate=%s", rate(l.Rate))
	add(l.Queue != 0, "queue=%v", l.Queue)
	add(l.MTU != 0, "mtu=%d", l.MTU)
	if len(words) == 0 {
		return "perfect"
	}
	return strings.Join(words, " ")
}

func percent(share float64) string { return strconv.FormatFloat(100*share, 'g', 12, 64) }

func rate(r int64) string {
	for _, u := range units {
		if r%u.bits == 0 {
			return strconv.FormatInt(r/u.bits, 10) + u.name
		}
	}
	return ""
}
