package history

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/meridian-video/meridian/control/history/record"
	"github.com/meridian-video/meridian/geo"
)

func TestAnEdgeIsAnsweredWhenCompaniesWillBeTold(t *testing.T) {
	s := open(t, sqliteURL(t))
	h, edge := handler(s), certificate("fra-1", geo.RoleEdge)
	var told []record.Kind
	trouble := errors.New("the queue is away")
	h.Tell = func(_ context.Context, records ...record.Record) error {
		for _, r := range records {
			told = append(told, r.Kind())
		}
		return trouble
	}
	body := encode(t, daily.opened(0), event("e1", "acme", "key:k", 1)) // of which an edge may write the first
	if w := post(h, edge, "", body); w.Code != http.StatusServiceUnavailable {
		t.Errorf("answered %d while nobody could be told", w.Code)
	}
	trouble = nil
	if a := answerOf(t, post(h, edge, "", body)); a.Stored != 1 || len(a.Refused) != 1 {
		t.Errorf("%+v", a)
	}
	if len(told) != 2 || told[0] != record.KindOpened || told[1] != record.KindOpened {
		t.Errorf("told of %v", told)
	}
}

func TestTenantsOfTheDatabaseWaitForIt(t *testing.T) {
	s, err := Open(t.Context(), "postgres://nobody@127.0.0.1:1/none?connect_timeout=1")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Reader(); !errors.Is(err, ErrAway) {
		t.Errorf("reading: %v", err)
	}
	if err := s.InTx(t.Context(), nil); !errors.Is(err, ErrAway) || !s.RowLocks() {
		t.Errorf("writing: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := s.InTx(t.Context(), nil); !errors.Is(err, ErrClosed) {
		t.Errorf("after closing: %v", err)
	}
}
