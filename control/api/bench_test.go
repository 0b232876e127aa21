package api_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/meridian-video/meridian/control/api"
	"github.com/meridian-video/meridian/control/apikey"
	"github.com/meridian-video/meridian/control/seal"
	"github.com/meridian-video/meridian/control/state"
	"github.com/meridian-video/meridian/control/store"
	"github.com/meridian-video/meridian/control/token"
)

// benchDir tells a process of this test binary to be the server of a bench, with its data there.
const benchDir = "MERIDIAN_API_BENCH_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(benchDir); dir != "" {
		if err := serveBench(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	code := m.Run()
	if err := stopDatabase(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// served is what the server says of itself on its first line.
type served struct{ Addr, Key string }

// serveBench is a control API on a real disk, until its input ends.
func serveBench(dir string) error {
	reg := prometheus.NewRegistry()
	s, err := store.Open(store.Config{Dir: dir, ID: "control-1", ElectionTimeout: 50 * time.Millisecond, Registerer: reg})
	if err != nil {
		return err
	}
	sealer, err := seal.New(make([]byte, seal.KeySize))
	if err != nil {
		return err
	}
	_, signer, err := ed25519.GenerateKey(nil)
	if err != nil {
		return err
	}
	native, err := api.New(api.Config{Store: s, Tokens: token.NewSigner("k", signer), Seal: sealer, Registerer: reg})
	if err != nil {
		return err
	}
	key, err := seed(s)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("/api/", native)
	mux.HandleFunc("/writes", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, logWrites(reg)) })
	go func() { _ = http.Serve(l, mux) }()
	if err := json.NewEncoder(os.Stdout).Encode(served{l.Addr().String(), key}); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// seed makes a company with a thousand rooms, and keys.
func seed(s *store.Store) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := s.WaitReady(ctx); err != nil {
		return "", err
	}
	key := apikey.New(api.NewID(time.Now()))
	rooms := &state.Batch{}
	for i := range 1000 {
		rooms.Commands = append(rooms.Commands, state.Add(state.KindRoom, fmt.Sprintf("r%d", i), "acme", state.RoomSpec{Name: "Room"}))
	}
	for _, c := range []state.Command{
		&state.InitPlatform{Epoch: "e"}, state.Add(state.KindCompany, "acme", "", state.CompanySpec{Name: "ACME"}),
		api.CreateKey(key, "", state.APIKeySpec{Rate: 10_000}), rooms,
	} {
		if _, err := s.Propose(ctx, c); err != nil {
			return "", err
		}
	}
	return key.Text(), nil
}

// logWrites reads the counter of the log's transactions.
func logWrites(reg *prometheus.Registry) float64 {
	families, err := reg.Gather()
	if err != nil {
		return 0
	}
	for _, f := range families {
		if f.GetName() == "meridian_control_log_writes_total" {
			return f.GetMetric()[0].GetCounter().GetValue()
		}
	}
	return 0
}

// server is the process of serveBench.
type server struct {
	b *testing.B
	served
	pid    int
	client *http.Client
}

func startServer(b *testing.B) *server {
	b.Helper()
	cmd := exec.CommandContext(context.WithoutCancel(b.Context()), os.Args[0]) // it ends with its input
	cmd.Env, cmd.Stderr = append(os.Environ(), benchDir+"="+b.TempDir()), os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = in.Close(); _ = cmd.Wait() })
	s := &server{b: b, pid: cmd.Process.Pid, client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 256}}}
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil || json.Unmarshal(line, &s.served) != nil {
		b.Fatalf("the server said %q: %v", line, err)
	}
	return s
}

// call makes a request and wants its status.
func (s *server) call(method, path, body string, want int) []byte {
	r, err := http.NewRequestWithContext(s.b.Context(), method, "http://"+s.Addr+path, bytes.NewReader([]byte(body)))
	if err != nil {
		s.b.Error(err)
		return nil
	}
	r.Header.Set("Authorization", "Bearer "+s.Key)
	r.Header.Set("Content-Type", "application/json")
	res, err := s.client.Do(r)
	if err != nil {
		s.b.Error(err)
		return nil
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != want && res.StatusCode != http.StatusTooManyRequests {
		s.b.Errorf("%s %s: %d %s %v", method, path, res.StatusCode, answer, err)
	}
	return answer
}

// cpu is the time that the server's process has used (proc(5): in hundredths of a second).
func (s *server) cpu() time.Duration {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.pid))
	if err != nil {
		s.b.Fatal(err)
	}
	f := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	user, _ := strconv.Atoi(f[11])
	system, _ := strconv.Atoi(f[12])
	return time.Duration(user+system) * 10 * time.Millisecond
}

func (s *server) writes() float64 {
	n, err := strconv.ParseFloat(string(s.call(http.MethodGet, "/writes", "", http.StatusOK)), 64)
	if err != nil {
		s.b.Fatal(err)
	}
	return n
}

// run makes the bench's calls by many clients at once, and reports what they cost the server.
func (s *server) run(clients int, one func(i int64)) {
	var i atomic.Int64
	s.b.SetParallelism(max(1, clients/2))
	cpu, writes := s.cpu(), s.writes()
	s.b.ResetTimer()
	s.b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			one(i.Add(1))
		}
	})
	s.b.StopTimer()
	n := float64(s.b.N)
	s.b.ReportMetric(float64((s.cpu()-cpu).Microseconds())/n, "server-µs/op")
	s.b.ReportMetric(n/s.b.Elapsed().Seconds(), "calls/s")
	s.b.ReportMetric(2*(s.writes()-writes)/n, "syncs/op")
}

func BenchmarkRead(b *testing.B) {
	for _, clients := range []int{2, 32} {
		b.Run(fmt.Sprintf("%d-clients", clients), func(b *testing.B) {
			s := startServer(b)
			s.run(clients, func(i int64) {
				s.call(http.MethodGet, fmt.Sprintf("/api/v1/companies/acme/rooms/r%d", i%1000), "", http.StatusOK)
			})
		})
	}
}

func BenchmarkWrite(b *testing.B) {
	for _, clients := range []int{2, 32, 128} {
		b.Run(fmt.Sprintf("%d-clients", clients), func(b *testing.B) {
			s := startServer(b)
			s.run(clients, func(i int64) {
				s.call(http.MethodPatch, fmt.Sprintf("/api/v1/companies/acme/rooms/r%d", i%1000), `{"name":"Renamed"}`, http.StatusOK)
			})
		})
	}
}
