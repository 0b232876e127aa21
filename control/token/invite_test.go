package token

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

func TestInvites(t *testing.T) {
	parent := sample(Moderator)
	hour := time.Hour
	for _, c := range []struct {
		name  string
		from  Claims
		asked Window
		want  Window
		err   error
	}{
		{"A09 the parent's window", parent, Window{}, Window{noon, noon.Add(InviteLife)}, nil},
		{"narrower", parent, Window{noon.Add(hour), noon.Add(2 * hour)}, Window{noon.Add(hour), noon.Add(2 * hour)}, nil},
		{"only an end", parent, Window{Expires: noon.Add(hour)}, Window{noon, noon.Add(hour)}, nil},
		{"A10 outlives", parent, Window{Expires: noon.Add(InviteLife + 1)}, Window{}, ErrWindow},
		{"T06 precedes", parent, Window{NotBefore: noon.Add(-1)}, Window{}, ErrWindow},
		{"upside down", parent, Window{noon.Add(2 * hour), noon.Add(hour)}, Window{}, ErrWindow},
		{"empty", parent, Window{noon.Add(hour), noon.Add(hour)}, Window{}, ErrWindow},
		{"begins after the parent", parent, Window{NotBefore: noon.Add(InviteLife)}, Window{}, ErrWindow},
		{"A11 of a guest's", sample(Invite), Window{}, Window{}, ErrParent},
		{"of a participant's", sample(Participant), Window{}, Window{}, ErrParent},
		{"of a moderator's join token", sample(Join), Window{}, Window{}, ErrParent},
		{"of a partner's", Claims{Kind: Partner, Role: RoleModerator, ID: "x"}, Window{}, Window{}, ErrParent},
		{"of one without an id", Claims{Kind: Moderator, Role: RoleModerator}, Window{}, Window{}, ErrParent},
		{"of nothing", Claims{}, Window{}, Window{}, ErrParent},
	} {
		for _, moderator := range []bool{false, true} {
			got, err := c.from.Invite(moderator, c.asked)
			if !errors.Is(err, c.err) {
				t.Errorf("%s: %v, want %v", c.name, err, c.err)
			}
			if err != nil {
				continue
			}
			if got.Kind != Invite || !got.NotBefore.Equal(c.want.NotBefore) || !got.Expires.Equal(c.want.Expires) ||
				(got.Role == RoleModerator) != moderator || got.Room != c.from.Room || got.Company != "acme" ||
				fmt.Sprint(got.Parents) != "[id-moderator]" || got.Attributes["server"] != "eu" || got.ID != "" {
				t.Errorf("%s: %+v", c.name, got)
			}
		}
	}
}

// INV-12 over random chains: whatever is asked for, who verifies as a child at
// some moment has all ancestors valid at that moment, and dies with each.
func TestNoInviteOutlivesItsParents(t *testing.T) {
	rnd := rand.New(rand.NewPCG(12, 12))
	s := NewSigner("n1", keys().native)
	moment := func() time.Time { return noon.Add(time.Duration(rnd.Int64N(int64(40 * 24 * time.Hour)))) }
	longest := 0
	for range 60 {
		from, to := noon.Add(10*24*time.Hour), noon.Add(30*24*time.Hour)
		c := Claims{Kind: Moderator, Company: "acme", Room: "r", Role: RoleModerator, NotBefore: from, Expires: to}
		var line []string // raw tokens, the first ancestor first
		for {
			raw, err := s.Mint(c)
			if err != nil {
				t.Fatal(err)
			}
			line = append(line, raw)
			at := c.NotBefore.Add(c.Expires.Sub(c.NotBefore) / 2)
			read, err := ring().Verify(raw, expect(Moderator, Invite), at)
			if err != nil {
				t.Fatal(err)
			}
			for _, id := range read.Parents {
				k := ring()
				k.Revoked = func(asked string) bool { return asked == id }
				if _, err := k.Verify(raw, expect(Invite), at); !errors.Is(err, ErrRevoked) {
					t.Fatalf("%d generations: outlived %s: %v", len(line), id, err)
				}
			}
			var w Window
			if rnd.IntN(2) == 0 {
				w.NotBefore = moment()
			}
			if rnd.IntN(2) == 0 {
				w.Expires = moment()
			}
			if c, err = read.Invite(rnd.IntN(8) > 0, w); err != nil {
				break
			}
		}
		longest = max(longest, len(line))
		for range 20 {
			at := moment()
			good := true
			for _, raw := range line {
				_, err := ring().Verify(raw, expect(Moderator, Invite), at)
				if err == nil && !good {
					t.Fatalf("a child is valid at %s and its parent is not", at)
				}
				good = err == nil
			}
		}
	}
	if longest < 4 || longest > maxParents+1 {
		t.Errorf("the longest line has %d", longest)
	}
}

func TestModeratorWindow(t *testing.T) {
	now := noon.Add(42 * time.Second)
	for _, c := range []struct {
		asked, want Window
		err         error
	}{
		{Window{}, Window{noon, noon.Add(InviteLife)}, nil},
		{Window{NotBefore: noon.Add(time.Hour)}, Window{noon.Add(time.Hour), noon.Add(time.Hour + InviteLife)}, nil},
		{Window{Expires: noon.Add(time.Hour)}, Window{noon, noon.Add(time.Hour)}, nil},
		{Window{Expires: noon}, Window{}, ErrWindow},
		{Window{noon, noon.Add(-1)}, Window{}, ErrWindow},
	} {
		if got, err := ModeratorWindow(c.asked, now); got != c.want || !errors.Is(err, c.err) {
			t.Errorf("%v: %v, %v", c.asked, got, err)
		}
	}
}

func TestParticipantExpiry(t *testing.T) {
	for ends, want := range map[time.Time]time.Time{
		{}:                          noon.Add(24 * time.Hour),
		noon:                        noon.Add(24 * time.Hour),
		noon.Add(12 * time.Hour):    noon.Add(24 * time.Hour),
		noon.Add(13 * time.Hour):    noon.Add(25 * time.Hour),
		noon.Add(-1000 * time.Hour): noon.Add(24 * time.Hour),
	} {
		if got := ParticipantExpiry(ends, noon); !got.Equal(want) {
			t.Errorf("end %s: %s, want %s", ends, got, want)
		}
	}
}
