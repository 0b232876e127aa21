package control_test

import (
	"bytes"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/meridian-video/meridian/control"
	"github.com/meridian-video/meridian/control/ca"
	"github.com/meridian-video/meridian/control/history/record"
	"github.com/meridian-video/meridian/control/notify/mail"
	"github.com/meridian-video/meridian/control/notify/sms"
	"github.com/prometheus/client_golang/prometheus"
)

// deliveryLog is what the API says of deliveries.
type deliveryLog struct {
	Items []struct {
		Type, Outcome, Fault string
		Attempts             int
	}
}

func (l deliveryLog) types() (out []string) {
	for _, d := range l.Items {
		out = append(out, d.Type)
	}
	slices.Sort(out)
	return out
}

// hook makes a webhook at an address that may not be called, and a reader of its log.
func hook(t *testing.T, api *caller) func() deliveryLog {
	t.Helper()
	const company = "/api/v1/companies/" + control.DevCompany
	var made struct{ ID string }
	api.want(http.StatusCreated, http.MethodPost, company+"/webhooks", map[string]string{"url": "https://192.0.2.1/hook"}, &made)
	return func() (l deliveryLog) {
		t.Helper()
		api.want(http.StatusOK, http.MethodGet, company+"/webhooks/"+made.ID+"/deliveries", nil, &l)
		return l
	}
}

func TestChangesAndSessionsAreQueuedAndTriedAndOutliveTheNode(t *testing.T) {
	dir := t.TempDir()
	n := openNode(t, dir, "127.0.0.1:0")
	key, err := n.EnsureDev(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	api := &caller{t, n.Handler(), key}
	log := hook(t, api)
	api.want(http.StatusCreated, http.MethodPost, "/api/v1/companies/"+control.DevCompany+"/rooms", map[string]string{"public_id": "daily"}, nil)
	report(t, n, &record.Opened{Live: record.Live{Company: control.DevCompany, Room: "daily", Session: "s1", At: time.Now()}, RoomKind: record.Call, POP: "fra", Node: "fra-1"})
	if !slices.Contains(log().types(), "session.opened") {
		t.Error("an edge was answered before the company will be told")
	}
	until(t, "the leader has tried both", func() bool {
		l := log()
		tried := 0
		for _, d := range l.Items {
			if d.Attempts > 0 && d.Outcome == "pending" && strings.Contains(d.Fault, "documentation") {
				tried++
			}
		}
		return tried == 2 && slices.Equal(l.types(), []string{"room.created", "session.opened"})
	})
	closeNode(t, n)

	n = openNode(t, dir, "127.0.0.1:0")
	api.handler = n.Handler()
	if got := log().types(); len(got) != 2 {
		t.Errorf("after a restart %v", got)
	}
}

// report brings a record as an edge does.
func report(t *testing.T, n *control.Node, r record.Record) {
	t.Helper()
	secret, err := ca.ParseJoinSecret(n.JoinSecret())
	if err != nil {
		t.Fatal(err)
	}
	addr := n.ClusterAddr().String()
	edge, err := ca.Enrol(t.Context(), secret, "fra-1", addr, filepath.Join(t.TempDir(), "identity.json"), (&net.Dialer{}).DialContext)
	if err != nil {
		t.Fatal(err)
	}
	line, err := record.Encode(r)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{TLSClientConfig: edge.ControlClientTLS()}
	defer transport.CloseIdleConnections()
	resp, err := (&http.Client{Transport: transport}).Post("https://"+addr+record.Path, "application/x-ndjson", bytes.NewReader(line))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatal(resp.Status)
	}
}

func TestANodeThatCouldSendNothingDoesNotStart(t *testing.T) {
	for name, c := range map[string]control.Notifications{
		"security":   {Mail: &mail.Server{Host: "localhost"}, From: "meetings@example.net"},
		"no address": {Mail: &mail.Server{Host: "localhost", Security: mail.TLS}},
		"gateway":    {SMS: &sms.Gateway{URL: "sms.example.net"}},
	} {
		cluster := listen(t, "127.0.0.1:0")
		n, err := control.Open(t.Context(), control.Config{
			Dir: t.TempDir(), NodeID: "control-1", Cluster: cluster, Notifications: c, Log: logger(t), Registerer: prometheus.NewRegistry(),
		})
		if err == nil {
			closeNode(t, n)
			t.Errorf("%s: it starts", name)
		}
	}
}
