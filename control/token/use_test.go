package token

import (
	"errors"
	"math/rand/v2"
	"testing"
	"time"
)

func TestFirstUse(t *testing.T) {
	const minute = time.Minute
	for _, c := range []struct {
		name     string
		kept     FirstUse
		lifetime time.Duration
		by       string
		after    time.Duration
		want     error
	}{
		{"never seen, one use", FirstUse{}, 0, "a", 0, nil},
		{"never seen, lifetime", FirstUse{}, minute, "", 0, nil},
		{"one use, another browser", FirstUse{noon, 0, "a"}, 0, "b", 0, ErrUsed},
		{"one use, nobody in particular", FirstUse{noon, 0, ""}, 0, "", 0, ErrUsed},
		{"one use, the same asks again", FirstUse{noon, 0, "a"}, 0, "a", time.Second, nil},
		{"one use, a lifetime asked for later", FirstUse{noon, 0, "a"}, minute, "b", 0, ErrUsed},
		{"A17 at 59 s", FirstUse{noon, minute, ""}, minute, "", 59 * time.Second, nil},
		{"A17 at 60 s", FirstUse{noon, minute, ""}, minute, "", minute, nil},
		{"A17 at 61 s", FirstUse{noon, minute, ""}, minute, "", 61 * time.Second, ErrExpired},
		{"A18 a second person at 61 s", FirstUse{noon, minute, "a"}, minute, "b", 61 * time.Second, ErrExpired},
		{"T12 a longer one asked for later", FirstUse{noon, minute, ""}, 100 * minute, "", 2 * minute, ErrExpired},
		{"T12 a shorter one asked for later", FirstUse{noon, minute, ""}, time.Second, "", 30 * time.Second, nil},
		{"T12 one use asked for later", FirstUse{noon, minute, ""}, 0, "", 30 * time.Second, nil},
		{"the owner's clock is behind", FirstUse{noon, minute, ""}, minute, "", -time.Second, nil},
		{"negative is one use", FirstUse{noon, -1, "a"}, -1, "b", 0, ErrUsed},
	} {
		got, err := c.kept.Judge(c.lifetime, c.by, noon.Add(c.after))
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
		if c.kept.At.IsZero() && got != (FirstUse{noon, c.lifetime, c.by}) || !c.kept.At.IsZero() && got != c.kept {
			t.Errorf("%s: remembers %+v", c.name, got)
		}
	}
}

// The count starts with the first connection, whatever comes after it in
// whatever order; a hundred who race for one use have one winner.
func TestFirstUseIsDecidedOnce(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		var once, timed FirstUse
		winners := map[string]bool{}
		for i := range 100 {
			at := noon.Add(time.Duration(i) * time.Second)
			by := string(rune('a' + rnd.IntN(20)))
			var err error
			if once, err = once.Judge(0, by, at); err == nil {
				winners[by] = true
			}
			timed, err = timed.Judge(time.Duration(1+rnd.IntN(90))*time.Second, by, at)
			if over := at.Sub(noon) > timed.Lifetime; over != (err != nil) || !timed.At.Equal(noon) {
				t.Fatalf("after %d s of %s: %v", i, timed.Lifetime, err)
			}
		}
		if len(winners) != 1 {
			t.Fatalf("%d winners", len(winners))
		}
	}
}

// Owners that meet after a partition agree, whoever tells whom first.
func TestMergeIsAnAgreement(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 6))
	use := func() FirstUse {
		if rnd.IntN(5) == 0 {
			return FirstUse{}
		}
		return FirstUse{noon.Add(time.Duration(rnd.IntN(3))), time.Duration(rnd.IntN(3)), string(rune('a' + rnd.IntN(3)))}
	}
	for range 2000 {
		a, b, c := use(), use(), use()
		if a.Merge(b) != b.Merge(a) || a.Merge(a) != a || a.Merge(b).Merge(c) != a.Merge(b.Merge(c)) {
			t.Fatalf("%v %v %v", a, b, c)
		}
		m := a.Merge(b)
		if !a.At.IsZero() && m.At.After(a.At) || !b.At.IsZero() && m.At.After(b.At) {
			t.Fatalf("of %v and %v the later: %v", a, b, m)
		}
	}
}

func TestFirstUseIsKeptLongEnough(t *testing.T) {
	for _, c := range []struct {
		use     FirstUse
		expires time.Time
		want    time.Time
	}{
		{FirstUse{At: noon, Lifetime: time.Minute}, noon.Add(time.Hour), noon.Add(24*time.Hour + time.Minute)},
		{FirstUse{At: noon, Lifetime: time.Minute}, noon.Add(72 * time.Hour), noon.Add(72*time.Hour + Leeway)},
		{FirstUse{At: noon}, noon.Add(AttendeeLife), noon.Add(24 * time.Hour)},
		{FirstUse{At: noon, Lifetime: time.Minute}, time.Time{}, noon.Add(keepEndless)},
		{FirstUse{At: noon, Lifetime: 2 * keepEndless}, time.Time{}, noon.Add(2*keepEndless + keepUse)},
	} {
		if got := c.use.Until(c.expires); !got.Equal(c.want) {
			t.Errorf("%+v until %s: %s, want %s", c.use, c.expires, got, c.want)
		}
	}
}
