package catalog

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/meridian-video/meridian/control/api"
)

func things(t testing.TB) map[string]Thing {
	t.Helper()
	list, err := Things(api.OpenAPI())
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]Thing{}
	for _, thing := range list {
		out[thing.Name] = thing
	}
	return out
}

func action(t testing.TB, noun, verb string) Action {
	t.Helper()
	for _, a := range things(t)[noun].Actions {
		if a.Verb == verb {
			return a
		}
	}
	t.Fatalf("there is no %s %s", noun, verb)
	return Action{}
}

func TestEveryOperationIsOneAction(t *testing.T) {
	seen := map[string]string{}
	for _, thing := range things(t) {
		if strings.ContainsAny(thing.Name, "_/ ") {
			t.Errorf("%q is no word", thing.Name)
		}
		for _, a := range thing.Actions {
			places := map[[2]bool]bool{}
			for _, r := range a.Routes {
				key := r.Method + " " + r.Path
				if seen[key] != "" {
					t.Errorf("%s is %s and %s %s", key, seen[key], thing.Name, a.Verb)
				}
				seen[key] = thing.Name + " " + a.Verb
				place := [2]bool{slices.Contains(r.Parents, Company), slices.Contains(r.Parents, Reseller)}
				if places[place] {
					t.Errorf("%s %s has two routes in one place, one of them %s", thing.Name, a.Verb, key)
				}
				places[place] = true
				if (r.ID != "") != a.Item() {
					t.Errorf("%s %s is about one thing in some places only", thing.Name, a.Verb)
				}
			}
		}
	}
	if len(seen) < 90 {
		t.Errorf("only %d operations", len(seen))
	}
}

func TestVerbs(t *testing.T) {
	tests := []struct{ id, noun, tag, want string }{
		{"list-rooms", "room", "rooms", "list"},
		{"list-platform-api-keys", "api-key", "api-keys", "list"},
		{"get-reseller-plan", "plan", "plans", "get"},
		{"get-company", "company", "companies", "get"},
		{"rotate-webhook-secret", "webhook", "webhooks", "rotate-secret"},
		{"remove-cluster-node", "cluster", "cluster", "remove-node"},
	}
	for _, test := range tests {
		if got := verbOf(test.id, test.noun, test.tag); got != test.want || singular(test.tag) != test.noun {
			t.Errorf("%s of %s: %s of %s, want %s of %s", test.id, test.tag, got, singular(test.tag), test.want, test.noun)
		}
	}
}

func none(string) ([]byte, error) { return nil, os.ErrNotExist }

func TestAssignmentsBecomeARequest(t *testing.T) {
	open := func(name string) ([]byte, error) {
		if name == "pin" {
			return []byte("470815\n"), nil
		}
		return nil, os.ErrNotExist
	}
	tests := []struct {
		noun, verb  string
		id          string
		assignments []string
		path, body  string
	}{
		{"room", "create", "", []string{"public_id=4711", "open=yes", "max_viewers=20", "settings.lobby=true", "settings.hidden_controls=chat,share"},
			"/companies/acme/rooms", `{"max_viewers":20,"open":true,"public_id":"4711","settings":{"hidden_controls":["chat","share"],"lobby":true}}`},
		{"room", "create", "", nil, "/companies/acme/rooms", `{}`},
		{"room", "update", "a/b?", []string{"moderator_pin=@pin", "name=@@home", "user="}, "/companies/acme/rooms/a%2Fb%3F", `{"moderator_pin":"470815","name":"@home","user":null}`},
		{"room", "list", "", []string{"user=ada&x=1"}, "/companies/acme/rooms?user=ada%26x%3D1", ""},
		{"room", "delete", "standup", nil, "/companies/acme/rooms/standup", ""},
		{"token", "create", "", []string{"room=standup", "name=Ada=1", "ttl_seconds=60"}, "/companies/acme/rooms/standup/tokens", `{"name":"Ada=1","ttl_seconds":60}`},
		{"company", "update", "acme", []string{`settings={"locale":"en"}`}, "/companies/acme", `{"settings":{"locale":"en"}}`},
	}
	for _, test := range tests {
		r := action(t, test.noun, test.verb).Routes[0]
		got, err := r.Call(map[string]string{Company: "acme"}, test.id, test.assignments, open)
		if err != nil || strings.TrimPrefix(got.Path, "/api/v1") != test.path || string(got.Body) != test.body {
			t.Errorf("%s %s %v: %s %s, %v\nwant %s %s", test.noun, test.verb, test.assignments, got.Path, got.Body, err, test.path, test.body)
		}
	}
}

func TestComplaintsSayWhatWasMeant(t *testing.T) {
	tests := []struct {
		noun, verb  string
		assignments []string
		says        []string
	}{
		{"room", "create", []string{"nam=x", "opn=1"}, []string{`"nam" is not a field here; did you mean name?`, "did you mean open?"}},
		{"room", "create", []string{"loby=true"}, []string{"did you mean settings.lobby?"}},
		{"room", "create", []string{"kind=circus"}, []string{"call, webinar"}},
		{"room", "create", []string{"max_viewers=many"}, []string{"whole number"}},
		{"room", "create", []string{"name"}, []string{"name=value"}},
		{"room", "create", []string{"name=a", "name=b"}, []string{"said twice"}},
		{"room", "create", []string{"settings={}", "settings=[", "settings.lobby.x=1"}, []string{"is no JSON", "is not a field"}},
		{"room", "create", []string{"password=@absent"}, []string{"password: file does not exist"}},
		{"room", "list", []string{"zzzzzzzzzzzz=1"}, []string{"there are user, public_id"}},
		{"room", "get", []string{"x=1"}, []string{"nothing is told here"}},
		{"company", "create", nil, []string{"name is missing"}},
		{"token", "create", nil, []string{"room is missing"}},
	}
	for _, test := range tests {
		r := action(t, test.noun, test.verb).Routes[0]
		_, err := r.Call(map[string]string{Company: "acme"}, "x", test.assignments, none)
		if err == nil {
			t.Errorf("%s %s %v is taken", test.noun, test.verb, test.assignments)
			continue
		}
		for _, part := range test.says {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s %s %v says %v, want %s", test.noun, test.verb, test.assignments, err, part)
			}
		}
	}
}

func TestPlacesChooseRoutes(t *testing.T) {
	a := action(t, "api-key", "list")
	for place, want := range map[[2]bool]string{
		{false, false}: "/api/v1/api-keys", {true, false}: "/api/v1/companies/{company}/api-keys", {false, true}: "/api/v1/resellers/{reseller}/api-keys",
	} {
		if r, ok := a.At(place[0], place[1]); !ok || r.Path != want {
			t.Errorf("%v: %s, %v, want %s", place, r.Path, ok, want)
		}
	}
	if _, ok := action(t, "room", "list").At(false, true); ok {
		t.Error("resellers have rooms")
	}
}

func TestHelpNamesEveryField(t *testing.T) {
	help := action(t, "user", "create").Help()
	for _, part := range []string{"email=text", "role=RESELLER_ADMIN|COMPANY_ADMIN|HOST", "settings.lobby=true|false", "users:write"} {
		if !strings.Contains(help, part) {
			t.Errorf("the help lacks %s:\n%s", part, help)
		}
	}
}

func TestAFileThatIsNoneIsRefused(t *testing.T) {
	if _, err := Things([]byte("{")); err == nil {
		t.Error("half a file is read")
	}
	if list, err := Things([]byte(`{}`)); err != nil || len(list) != 0 {
		t.Errorf("an empty file: %v, %v", list, err)
	}
}

// What is typed never ends the process, and what is accepted keeps to its path.
func FuzzCall(f *testing.F) {
	f.Add("standup", "name=x", "settings.lobby=true")
	f.Add("../..", "open=", "settings={}")
	f.Add("a/b", "settings.branding=1", "settings.branding.colour=#fff")
	r := action(f, "room", "update").Routes[0]
	f.Fuzz(func(t *testing.T, id, first, second string) {
		c, err := r.Call(map[string]string{Company: "acme"}, id, []string{first, second}, func(string) ([]byte, error) { return nil, errors.New("no") })
		if err == nil && strings.Count(c.Path, "/") != strings.Count(r.Path, "/") {
			t.Errorf("%q leads to %s", id, c.Path)
		}
	})
}
