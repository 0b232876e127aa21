package control_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/meridian-video/meridian/control"
	"github.com/meridian-video/meridian/control/ca"
	"github.com/meridian-video/meridian/control/history"
	"github.com/meridian-video/meridian/control/history/record"
)

func TestAnEdgeReportsHistory(t *testing.T) {
	n := openNode(t, t.TempDir(), "127.0.0.1:0")
	if _, err := n.EnsureDev(t.Context()); err != nil {
		t.Fatal(err)
	}
	secret, err := ca.ParseJoinSecret(n.JoinSecret())
	if err != nil {
		t.Fatal(err)
	}
	addr := n.ClusterAddr().String()
	edge, err := ca.Enrol(t.Context(), secret, "fra-1", addr, filepath.Join(t.TempDir(), "identity.json"), (&net.Dialer{}).DialContext)
	if err != nil {
		t.Fatal(err)
	}
	live := record.Live{Company: control.DevCompany, Room: "daily", Session: "s1", At: time.Now()}
	line, err := record.Encode(&record.Opened{Live: live, RoomKind: record.Call, POP: "fra", Node: "fra-1"})
	if err != nil {
		t.Fatal(err)
	}
	with := &http.Transport{TLSClientConfig: edge.ControlClientTLS()}
	without := edge.ControlClientTLS()
	without.GetClientCertificate = nil
	for transport, want := range map[*http.Transport]int{with: http.StatusOK, {TLSClientConfig: without}: http.StatusForbidden} {
		resp, err := (&http.Client{Transport: transport}).Post("https://"+addr+record.Path, "application/x-ndjson", bytes.NewReader(line))
		if err != nil {
			t.Fatal(err)
		}
		var answer record.Answer
		if want == http.StatusOK {
			err = json.NewDecoder(resp.Body).Decode(&answer)
		}
		if resp.StatusCode != want || err != nil || want == http.StatusOK && (answer.Stored != 1 || len(answer.Refused) > 0) {
			t.Errorf("%s, want %d: %+v, %v", resp.Status, want, answer, err)
		}
		_ = resp.Body.Close()
		transport.CloseIdleConnections()
	}
	event := &record.Audit{
		Event: "e1", Company: control.DevCompany, At: time.Now(), Actor: "key:k1", Action: "room.create", Object: record.Object{Kind: "room", ID: "r1"},
	}
	if err := n.Audit(t.Context(), event); err != nil {
		t.Error(err)
	}
	events, _, err := n.History().Audit(t.Context(), history.AuditFilter{Company: control.DevCompany}, history.Page{})
	if err != nil || len(events) != 1 || events[0].Object.ID != "r1" {
		t.Errorf("got %+v, %v", events, err)
	}
	got, ok, err := n.History().Session(t.Context(), control.DevCompany, "s1")
	if err != nil || !ok || got.Room != "daily" {
		t.Errorf("got %+v, %v, %v", got, ok, err)
	}
}

func TestAClusterWithoutADatabaseRefusesToStart(t *testing.T) {
	cluster := listen(t, "127.0.0.1:0")
	_, err := control.Open(t.Context(), control.Config{
		Dir: t.TempDir(), NodeID: "control-1", Cluster: cluster, Voters: 3, Log: logger(t), Registerer: prometheus.NewRegistry(),
	})
	if !errors.Is(err, history.ErrNeedsPostgreSQL) {
		t.Errorf("got %v", err)
	}
}
