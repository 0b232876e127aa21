package control_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/meridian-video/meridian/control"
	"github.com/meridian-video/meridian/control/history"
	"github.com/meridian-video/meridian/control/state"
)

func TestWhatSomebodyChangesIsInTheHistory(t *testing.T) {
	n := openNode(t, t.TempDir(), "127.0.0.1:0")
	key, err := n.EnsureDev(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	api := caller{t, n.Handler(), key}
	for i := range 3 {
		api.want(http.StatusCreated, http.MethodPost, "/api/v1/companies/"+control.DevCompany+"/rooms", map[string]string{"public_id": fmt.Sprintf("r%d", i)}, nil)
	}
	filter := history.AuditFilter{Company: control.DevCompany}
	until(t, "three events in the history and none in the state", func() bool {
		events, _, err := n.History().Audit(t.Context(), filter, history.Page{})
		if err != nil {
			t.Fatal(err)
		}
		waiting := 0
		for range state.All[state.Event](n.View(), "") {
			waiting++
		}
		if len(events) == 3 && (events[0].Action != "room.create" || !strings.HasPrefix(events[0].Actor, "key:") || events[0].Request == "") {
			t.Fatalf("%+v", events[0])
		}
		return len(events) == 3 && waiting == 0
	})
}
