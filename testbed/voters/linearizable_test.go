package voters_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/meridian-video/meridian/testbed/voters"
)

// register is a company's name: what a client wrote, or read.
type register struct {
	key   string
	write bool
	value string
}

// read is what a call gave; unknown when its answer was lost.
type read struct {
	value   string
	unknown bool
}

var model = porcupine.Model{
	Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
		byKey := map[string][]porcupine.Operation{}
		for _, o := range history {
			k := o.Input.(register).key
			byKey[k] = append(byKey[k], o)
		}
		var out [][]porcupine.Operation
		for _, h := range byKey {
			out = append(out, h)
		}
		return out
	},
	Init: func() any { return "0" },
	Step: func(state, in, out any) (bool, any) {
		r, got := in.(register), out.(read)
		if r.write {
			return true, r.value
		}
		return got.unknown || got.value == state, state
	},
	Equal: func(a, b any) bool { return a == b },
}

// history gathers what clients did.
type history struct {
	c     *voters.Cluster
	began time.Time

	mu  sync.Mutex
	all []porcupine.Operation
	ok  int
}

// client reads and writes registers by nodes at random until the context ends.
func (h *history) client(ctx context.Context, id int) {
	pace := time.NewTicker(20 * time.Millisecond) // porcupine's work grows faster than the history
	defer pace.Stop()
	for n := 0; ctx.Err() == nil; n++ {
		<-pace.C
		r := register{key: fmt.Sprintf("r%d", rand.IntN(3)), write: rand.IntN(2) == 0, value: fmt.Sprintf("c%d-%d", id, n)}
		h.do(id, h.c.Nodes[rand.IntN(len(h.c.Nodes))], r)
	}
}

// do makes one call and notes it. A write whose outcome is unknown may take effect at any later time; a read
// without an answer says nothing, as does what was refused.
func (h *history) do(id int, by *voters.Node, r register) {
	path := "/api/v1/companies/" + r.key
	method, body := http.MethodGet, ""
	if r.write {
		method, body = http.MethodPatch, fmt.Sprintf(`{"name":%q}`, r.value)
	}
	o := porcupine.Operation{ClientId: id, Input: r, Call: int64(time.Since(h.began))}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	status, text, err := h.c.Call(ctx, by, method, path, body)
	o.Return = int64(time.Since(h.began))
	var company struct{ Name string }
	switch {
	case err == nil && status == http.StatusOK && json.Unmarshal([]byte(text), &company) == nil:
		o.Output = read{value: company.Name}
	case !r.write || err == nil && status == http.StatusServiceUnavailable:
		return
	default:
		o.Output, o.Return = read{unknown: true}, int64(time.Hour)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.all = append(h.all, o)
	if !o.Output.(read).unknown {
		h.ok++
	}
}

// Reads and writes by any node are linearizable while nodes are killed and frozen, the leader first of all.
func TestHistoriesUnderKillsAreLinearizable(t *testing.T) {
	c := start(t, nil)
	for i := range 3 {
		create(t, c, c.Nodes[i], fmt.Sprintf("r%d", i), "0")
	}
	h := &history{c: c, began: time.Now()}
	ctx, cancel := context.WithCancel(t.Context())
	var clients sync.WaitGroup
	for id := range 4 {
		clients.Go(func() { h.client(ctx, id) })
	}
	for round := range 4 {
		victim := leader(t, c)
		if round == 2 {
			victim = c.Others(victim)[0]
		}
		before := h.answered()
		if round == 3 {
			victim.Freeze()
		} else {
			victim.Kill()
		}
		wait(t, "calls are answered again", func() error { return h.more(before + 40) })
		if round == 3 {
			victim.Thaw()
		} else if err := victim.Start(); err != nil {
			t.Fatal(err)
		}
		whole(t, c)
	}
	cancel()
	clients.Wait()
	result, _ := porcupine.CheckOperationsVerbose(model, h.all, time.Minute)
	if result != porcupine.Ok {
		t.Fatalf("%d calls: %s", len(h.all), result)
	}
	t.Logf("%d calls, %d with a known outcome, 4 faults: linearizable", len(h.all), h.ok)
}

func (h *history) answered() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.ok
}

func (h *history) more(than int) error {
	if n := h.answered(); n < than {
		return fmt.Errorf("%d of %d", n, than)
	}
	return nil
}

// The model must find what is wrong.
func TestTheModelHasTeeth(t *testing.T) {
	op := func(at int64, r register, value string) porcupine.Operation {
		return porcupine.Operation{Input: r, Output: read{value: value}, Call: at, Return: at + 1}
	}
	w := register{key: "r", write: true, value: "1"}
	stale := []porcupine.Operation{op(0, w, "1"), op(10, register{key: "r"}, "0")}
	if porcupine.CheckOperations(model, stale) {
		t.Error("a stale read passes")
	}
	fresh := []porcupine.Operation{op(0, w, "1"), op(10, register{key: "r"}, "1")}
	if !porcupine.CheckOperations(model, fresh) {
		t.Error("a good read does not pass")
	}
}
