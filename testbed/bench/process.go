//go:build linux

package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// usage is the processor time of a process by the kernel's accounting.
type usage struct {
	total        time.Duration // exact, of all living threads
	user, system time.Duration // in clock ticks, for the share of each
}

// clockTick is the unit of /proc/PID/stat, USER_HZ, which Linux fixes.
const clockTick = 10 * time.Millisecond

// usageOf reads a process's processor time.
func usageOf(pid int) (usage, error) {
	dir := "/proc/" + strconv.Itoa(pid)
	stat, err := os.ReadFile(dir + "/stat")
	if err != nil {
		return usage{}, fmt.Errorf("read processor time: %w", err)
	}
	var u usage
	if u.user, u.system, err = parseStat(string(stat)); err != nil {
		return u, err
	}
	threads, err := filepath.Glob(dir + "/task/*/schedstat")
	if err != nil || len(threads) == 0 {
		u.total = u.user + u.system // a kernel without scheduler statistics
		return u, err
	}
	for _, name := range threads {
		b, err := os.ReadFile(name)
		if err != nil {
			continue // the thread has just ended
		}
		d, err := parseSchedstat(string(b))
		if err != nil {
			return u, err
		}
		u.total += d
	}
	return u, nil
}

func (u usage) minus(v usage) usage {
	return usage{u.total - v.total, u.user - v.user, u.system - v.system}
}

// parseStat reads user and system time off /proc/PID/stat. The command name is
// in parentheses and may hold anything, parentheses too.
func parseStat(s string) (user, system time.Duration, err error) {
	i := strings.LastIndexByte(s, ')')
	fields := strings.Fields(s[i+1:])
	if i < 0 || len(fields) < 13 {
		return 0, 0, errors.New("/proc/PID/stat is not as expected")
	}
	u, err1 := strconv.ParseInt(fields[11], 10, 64)
	k, err2 := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(u) * clockTick, time.Duration(k) * clockTick, errors.Join(err1, err2)
}

// parseSchedstat reads the time on a processor off /proc/PID/task/TID/schedstat.
func parseSchedstat(s string) (time.Duration, error) {
	first, _, _ := strings.Cut(s, " ")
	n, err := strconv.ParseInt(first, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("schedstat is not as expected: %w", err)
	}
	return time.Duration(n), nil
}

// memoryOf reads a process's resident memory in KiB.
func memoryOf(pid int) (float64, error) {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/smaps_rollup")
	if err != nil {
		return 0, fmt.Errorf("read memory: %w", err)
	}
	return parseRollup(b)
}

func parseRollup(b []byte) (float64, error) {
	lines := bufio.NewScanner(bytes.NewReader(b))
	for lines.Scan() {
		if f := strings.Fields(lines.Text()); len(f) == 3 && f[0] == "Rss:" {
			return strconv.ParseFloat(f[1], 64)
		}
	}
	return 0, errors.New("smaps_rollup has no Rss")
}
