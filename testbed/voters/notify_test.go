package voters_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/meridian-video/meridian/control/history/record"
	"github.com/meridian-video/meridian/control/notify/event"
	"github.com/meridian-video/meridian/control/outbox"
	"github.com/meridian-video/meridian/testbed/cluster"
	"github.com/meridian-video/meridian/testbed/mailbox"
	"github.com/meridian-video/meridian/testbed/voters"
)

// outside is a cluster that reaches a webhook receiver and a mail server, both over TLS.
type outside struct {
	*testing.T
	*voters.Cluster
	hooks *receiver
	mail  *mailbox.Box
	box   *outbox.Outbox
	hook  string // id of the webhook
}

func startOutside(t *testing.T) *outside {
	certificate, roots := mailbox.Certify(t)
	o := &outside{T: t, hooks: receive(t, certificate), mail: mailbox.Open(t, certificate)}
	var err error
	if o.Cluster, err = voters.New(cluster.Binary(t), t.TempDir(), 3, nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(o.Close)
	if err := o.Configure(fmt.Sprintf(`
  smtp: {host: localhost, port: %d, user: meridian, password: correct horse, from: meetings@example.net}
  webhooks: {allow: [127.0.0.0/8, "::1/128"]}
`, o.mail.Port)); err != nil {
		t.Fatal(err)
	}
	logs := cluster.Artifacts(t)
	for _, n := range o.Nodes {
		n.Log = filepath.Join(logs, "notify-"+n.Name+".log")
		n.Env = []string{"SSL_CERT_FILE=" + roots}
	}
	if err := o.Start(); err != nil {
		t.Fatal(err)
	}
	ready(t, o.Cluster, o.Nodes...)
	o.report()
	return o
}

// report has an edge's outbox, whose records reach control whichever nodes are gone.
func (o *outside) report() {
	var err error
	if o.box, err = outbox.Open(outbox.Config{Dir: o.TempDir()}); err != nil {
		o.Fatal(err)
	}
	delivery := outbox.NewDelivery(o.box, edge(o.T, o.Cluster).Transport(), nil)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = delivery.Run(ctx)
	}()
	o.Cleanup(func() {
		cancel()
		<-done
		if err := o.box.Close(); err != nil {
			o.Error(err)
		}
	})
}

// call calls the API by a node that runs until it answers, with a key so that nothing is done twice.
func (o *outside) call(method, path, body string, out any) {
	o.Helper()
	wait(o.T, method+" "+path, func() error {
		i := slices.IndexFunc(o.Nodes, (*voters.Node).Running)
		status, text, err := o.Call(o.Context(), o.Nodes[i], method, "/api/v1/companies"+path, body)
		switch {
		case err != nil:
			return err
		case status >= 500:
			return fmt.Errorf("%d %s", status, text)
		case status >= 300:
			o.Fatalf("%s %s: %d %s", method, path, status, text)
		case out != nil:
			return json.Unmarshal([]byte(text), out)
		}
		return nil
	})
}

// made creates a thing of the company's and gives its id.
func (o *outside) made(what, body string) string {
	o.Helper()
	var thing struct{ ID string }
	o.call(http.MethodPost, "/acme/"+what, body, &thing)
	return thing.ID
}

// company makes Acme with a webhook, people and a room.
func (o *outside) company() (user, room string) {
	o.call(http.MethodPost, "", `{"id":"acme","name":"Acme"}`, nil)
	o.made("domains", `{"fqdn":"meet.acme.example"}`)
	var hook struct{ ID, Secret string }
	o.call(http.MethodPost, "/acme/webhooks", fmt.Sprintf(`{"url":%q}`, o.hooks.url("/")), &hook)
	o.hook = hook.ID
	o.hooks.trust(hook.Secret)
	user = o.made("users", `{"first_name":"Ada","email":"ada@acme.example"}`)
	return user, o.made("rooms", `{"public_id":"daily"}`)
}

// live gives the records of one session with some people, and the ids of the events that they tell.
func (o *outside) live(session string, people int) (records []record.Record, events []string) {
	at := time.Now()
	of := func() record.Live {
		at = at.Add(time.Millisecond)
		return record.Live{Company: "acme", Room: "daily", Session: session, At: at}
	}
	records = append(records, &record.Opened{Live: of(), RoomKind: record.Call, POP: "fra", Node: "fra-1"})
	for i := range people {
		who := fmt.Sprintf("%s-%d", session, i)
		records = append(records,
			&record.Joined{Live: of(), Presence: who, Peer: who, Role: record.Regular, Mode: record.Speaker, POP: "fra", Node: "fra-1"},
			&record.Left{Live: of(), Presence: who, Peer: who, Reason: record.ReasonLeft})
	}
	records = append(records, &record.Closed{Live: of()})
	for _, r := range records {
		e, ok, err := event.FromRecord(r)
		if err != nil || !ok {
			o.Fatal(err)
		}
		events = append(events, e.ID)
	}
	return records, events
}

// arrive waits until all events were accepted.
func (o *outside) arrive(ids []string) {
	o.Helper()
	wait(o.T, "events arrive", func() error {
		n := len(o.hooks.heard(func(e told) bool { return slices.Contains(ids, e.ID) }))
		if n < len(ids) {
			return fmt.Errorf("%d of %d", n, len(ids))
		}
		return nil
	})
}

// changed waits until the company was told of a change.
func (o *outside) changed(kind, id string) {
	o.Helper()
	wait(o.T, kind+" "+id+" is told", func() error {
		if n := len(o.hooks.heard(func(e told) bool { return e.Type == kind && e.Data.ID == id })); n != 1 {
			return fmt.Errorf("%d events", n)
		}
		return nil
	})
}

// letters waits until somebody has so many different ones.
func (o *outside) letters(to string, n int) (all []mailbox.Letter) {
	o.Helper()
	wait(o.T, fmt.Sprintf("%d letters to %s", n, to), func() error {
		if all = o.mail.Got(to); len(all) < n {
			return fmt.Errorf("%d: %+v", len(all), all)
		}
		return nil
	})
	return all
}

// TestCompaniesAndPeopleAreToldWhoeverLeads: a company, its webhook, room and meeting by the API; sessions by an
// edge; the leader is killed in the middle. Every event arrives, signed, under one id, with the numbers of its room
// without a gap; every letter arrives under one id, with its calendar file.
func TestCompaniesAndPeopleAreToldWhoeverLeads(t *testing.T) {
	o := startOutside(t)
	user, room := o.company()
	o.changed("user.created", user)
	o.changed("room.created", room)

	starts := time.Now().Add(48 * time.Hour).UTC().Truncate(time.Minute)
	meeting := o.made("meetings", fmt.Sprintf(`{"room":%q,"user":%q,"subject":"Planning","starts_at":%q,"time_zone":"Europe/Berlin","security_pin":"4711"}`,
		room, user, starts.Format(time.RFC3339)))
	o.made("attendees", fmt.Sprintf(`{"meeting":%q,"email":"bob@customer.example","name":"Bob"}`, meeting))
	first := o.letters("bob@customer.example", 1)[0]
	for _, want := range []string{"PIN: 4711", "https://meet.acme.example/m/daily?token=", "Europe/Berlin"} {
		if !strings.Contains(first.Text, want) {
			t.Errorf("no %q in %q", want, first.Text)
		}
	}
	if first.Method != "REQUEST" || !strings.Contains(first.Calendar, "UID:"+meeting) || !strings.Contains(first.Calendar, "SEQUENCE:0") {
		t.Errorf("%s: %s", first.Method, first.Calendar)
	}
	o.letters("ada@acme.example", 1)
	o.call(http.MethodPatch, "/acme", `{"settings":{"reminder_minutes":[1]}}`, nil)
	soon := o.made("meetings", fmt.Sprintf(`{"room":%q,"user":%q,"subject":"Soon","starts_at":%q}`, room, user, time.Now().Add(65*time.Second).Format(time.RFC3339)))

	before, expected := o.live("s1", 15)
	o.box.Record(nil, before...)
	old := leader(t, o.Cluster)
	wait(t, "some events have arrived", func() error {
		if len(o.hooks.heard(func(e told) bool { return e.Room != "" })) == 0 {
			return fmt.Errorf("none")
		}
		return nil
	})
	after, late := o.live("s2", 15)
	o.box.Record(nil, after...)
	o.call(http.MethodPatch, "/acme/meetings/"+meeting, fmt.Sprintf(`{"starts_at":%q}`, starts.Add(time.Hour).Format(time.RFC3339)), nil)
	old.Kill()
	o.arrive(append(expected, late...))
	o.changed("meeting.updated", meeting)
	o.letters("bob@customer.example", 2)
	second := o.made("rooms", `{"public_id":"other"}`)
	o.changed("room.created", second)
	if err := old.Start(); err != nil {
		t.Fatal(err)
	}
	whole(t, o.Cluster)

	o.call(http.MethodDelete, "/acme/meetings/"+meeting, "", nil)
	last := o.letters("bob@customer.example", 3)
	if len(last) != 3 || last[0].Method != "CANCEL" || !strings.Contains(last[0].Calendar, "SEQUENCE:2") || !strings.HasPrefix(last[1].Subject, "Changed") {
		t.Errorf("%+v", last)
	}
	o.numbered("daily", len(expected)+len(late))
	o.cared()
	ada := o.letters("ada@acme.example", 5) // cancelled, two invitations, changed, reminded
	if !slices.ContainsFunc(ada, func(l mailbox.Letter) bool { return l.Subject == "Reminder: Soon" }) {
		t.Errorf("no reminder of %s among %+v", soon, ada)
	}
	o.hooks.mu.Lock()
	defer o.hooks.mu.Unlock()
	if len(o.hooks.wrong) > 0 {
		t.Errorf("%d wrong requests, the first: %v", len(o.hooks.wrong), o.hooks.wrong[0])
	}
	all, different := o.mail.Times()
	t.Logf("%d events in %d requests, %d letters in %d", len(o.hooks.events), o.hooks.requests, different, all)
}

// numbered wants the events of a room to have the numbers from 1 on, each once.
func (o *outside) numbered(room string, n int) {
	o.Helper()
	seen := map[int]bool{}
	for _, e := range o.hooks.heard(func(e told) bool { return e.Room == room }) {
		seen[e.Seq] = true
	}
	for seq := 1; seq <= n; seq++ {
		if !seen[seq] {
			o.Errorf("%s lacks number %d of %d", room, seq, n)
		}
	}
}

// cared replaces the secret, sends a test event, reads the log and has an endpoint disabled, all by the API.
func (o *outside) cared() {
	o.Helper()
	hook := "/acme/webhooks/" + o.hook
	var shown struct{ Secret string }
	o.call(http.MethodPost, hook+"/secret", `{}`, &shown)
	o.hooks.trust(shown.Secret)
	o.call(http.MethodPost, hook+"/test", `{"note":"Hello"}`, nil)
	wait(o.T, "the test event has both signatures", func() error {
		tests := o.hooks.heard(func(e told) bool { return e.Type == "webhook.test" })
		if len(tests) != 1 || len(tests[0].signatures) != 2 {
			return fmt.Errorf("%+v", tests)
		}
		return nil
	})
	var log struct {
		Items []struct{ Outcome, Type string }
	}
	wait(o.T, "the log says that all is delivered", func() error {
		o.call(http.MethodGet, hook+"/deliveries?limit=200", "", &log)
		for _, d := range log.Items {
			if d.Outcome != "delivered" {
				return fmt.Errorf("%+v", d)
			}
		}
		return nil
	})
	var gone struct{ ID, Disabled string }
	o.call(http.MethodPost, "/acme/webhooks", fmt.Sprintf(`{"url":%q}`, o.hooks.url("/gone")), &gone)
	o.call(http.MethodPost, "/acme/webhooks/"+gone.ID+"/test", `{}`, nil)
	wait(o.T, "an endpoint that says 410 is disabled", func() error {
		o.call(http.MethodGet, "/acme/webhooks/"+gone.ID, "", &gone)
		if gone.Disabled == "" {
			return fmt.Errorf("%+v", gone)
		}
		return nil
	})
}
