package control_test

import (
	"testing"
	"testing/synctest"
	"time"
)

// CB-A08: a session is one on every node, and outlives whoever leads. Package signin has the seconds.
func TestSessionsHoldOnEveryNode(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		c := newTrio(t, dir)
		c.run(map[int]time.Duration{0: 0, 1: 0, 2: 0})
		c.write(0, "acme")
		key, err := c.nodes[0].EnsurePlatform(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		person := map[string]any{"name": "Ada", "email": "ada@acme.example", "role": "COMPANY_ADMIN", "password": "correct horse battery"}
		caller{t, c.nodes[0].Handler(), key}.want(201, "POST", "/api/v1/companies/acme/users", person, nil)
		sign := map[string]any{"company": "acme", "email": "ada@acme.example", "password": "correct horse battery"}
		var session, second struct{ Token string }
		caller{t, c.nodes[1].Handler(), ""}.want(201, "POST", "/api/v1/sessions", sign, &session)
		for i := range 3 {
			c.stop(i)
			for _, by := range []int{(i + 1) % 3, (i + 2) % 3} {
				caller{t, c.nodes[by].Handler(), session.Token}.want(200, "GET", "/api/v1/companies/acme/rooms", nil, nil)
				time.Sleep(20 * time.Second)
			}
			c.run(map[int]time.Duration{i: 0})
			time.Sleep(5 * time.Second)
		}
		caller{t, c.nodes[2].Handler(), ""}.want(201, "POST", "/api/v1/sessions", sign, &second)
		caller{t, c.nodes[0].Handler(), session.Token}.want(204, "DELETE", "/api/v1/sessions/current", nil, nil)
		for i := range 3 {
			caller{t, c.nodes[i].Handler(), session.Token}.want(401, "GET", "/api/v1/me", nil, nil)
			caller{t, c.nodes[i].Handler(), second.Token}.want(200, "GET", "/api/v1/me", nil, nil)
		}
		c.stop(0, 1, 2)
	})
}
