package history

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

// victimEnv holds the database of a process that is to be killed.
const victimEnv = "MERIDIAN_HISTORY_VICTIM"

// TestVictim writes and says what was acknowledged, until it is killed. Without the variable there is nobody to
// kill, and it does nothing.
func TestVictim(t *testing.T) {
	url := os.Getenv(victimEnv)
	if url == "" {
		return
	}
	s, err := Open(context.Background(), url)
	if err != nil {
		fmt.Println("error", err)
		return
	}
	for i := range 1_000_000 {
		m := meeting{"acme", "daily", "s" + strconv.Itoa(i)}
		if err := s.Ingest(t.Context(), m.opened(0), m.joined("ann", 1), m.chat("ann", 1, 2), m.closed(3)); err != nil {
			fmt.Println("error", err)
			return
		}
		fmt.Println("kept", i)
	}
}

func TestKilledWhileWritingLosesNothingAcknowledged(t *testing.T) {
	for d, url := range urls(t) {
		t.Run(string(d), func(t *testing.T) {
			kept := 0
			for range 3 {
				kept = max(kept, kill(t, url, 40))
			}
			s := open(t, url)
			for table, want := range map[string]int{"session": 1, "presence": 1, "message": 1} {
				var n, odd int
				err := s.read.QueryRowContext(t.Context(), `SELECT count(*) FROM `+table+` WHERE session = $1`, "s"+strconv.Itoa(kept)).Scan(&n)
				if err != nil || n != want {
					t.Errorf("%s: %d rows of what was acknowledged last, %v", table, n, err)
				}
				if err := s.read.QueryRowContext(t.Context(), `SELECT count(*) FROM `+table).Scan(&odd); err != nil || odd <= kept {
					t.Errorf("%s: %d rows, %d acknowledged, %v", table, odd, kept+1, err)
				}
			}
			var open int
			if err := s.read.QueryRowContext(t.Context(), `SELECT count(*) FROM presence WHERE ended IS NULL`).Scan(&open); err != nil || open != 0 {
				t.Errorf("%d halves of a batch, %v", open, err)
			}
		})
	}
}

// kill starts a victim, kills it after some acknowledgements and returns the last one.
func kill(t *testing.T, url string, after int) (last int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestVictim$")
	cmd.Env = append(os.Environ(), victimEnv+"="+url)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	last = -1
	for lines := bufio.NewScanner(out); lines.Scan(); {
		number, ok := strings.CutPrefix(lines.Text(), "kept ")
		if !ok {
			t.Errorf("the victim says %q", lines.Text())
			break
		}
		if last, err = strconv.Atoi(number); err != nil {
			t.Fatal(err)
		}
		if last == after {
			_ = cmd.Process.Kill() // SIGKILL; what it says until then counts
		}
	}
	_ = cmd.Process.Kill()
	if err := cmd.Wait(); err == nil || last < after {
		t.Errorf("the victim ended by itself after %d", last)
	}
	return last
}
