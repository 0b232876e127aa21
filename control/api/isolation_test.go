package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

// world has one of everything, made by the examples of the document: a reseller's company and its belongings.
type world struct {
	*platform
	doc   document
	ids   map[string]string // by the path of the collection
	names *strings.Replacer // examples' ids to real ones
	wrong *strings.Replacer // examples' ids to those of nothing
}

func newWorld(t *testing.T) *world {
	w := &world{platform: newPlatform(t), ids: map[string]string{"/api/v1/cluster/nodes": "control-2"}}
	w.doc = w.document()
	names := []string{}
	waiting := map[string]*operation{}
	w.doc.each(func(method, path string, o *operation) {
		if method == "POST" && !keepsNothing(path) && o.scope() != "" {
			waiting[path] = o
		}
	})
	for range 6 { // what refers to others comes after them
		for _, path := range slices.Sorted(maps.Keys(waiting)) {
			example := waiting[path].Responses["201"].Content["application/json"].Example
			r := w.root.do("POST", w.url(path, "acme", "northwind", ""), w.body(waiting[path], strings.NewReplacer(names...)))
			if r.Code != 201 {
				continue
			}
			var made, shown struct{ ID string }
			if json.Unmarshal(r.Body.Bytes(), &made) != nil || json.Unmarshal(example, &shown) != nil || shown.ID == "" {
				t.Fatalf("%s: %s", path, r.Body)
			}
			w.ids[path] = made.ID
			names = append(names, shown.ID, made.ID)
			delete(waiting, path)
		}
	}
	if len(waiting) > 0 {
		path := slices.Sorted(maps.Keys(waiting))[0]
		t.Fatalf("the example of %s does not work: %s", path, w.root.do("POST", w.url(path, "acme", "northwind", ""), w.body(waiting[path], strings.NewReplacer(names...))).Body)
	}
	w.root.want(200, "PATCH", "/api/v1/platform", m{"default_company": "acme", "zone": "meet.example.net"}, nil)
	w.names = strings.NewReplacer(names...)
	for i := 1; i < len(names); i += 2 {
		if names[i] != names[i-1] { // chosen ids are parts of other words
			names[i] = "nothing"
		}
	}
	w.wrong = strings.NewReplacer(names...)
	return w
}

// keepsNothing tells whether a POST makes nothing that is there afterwards under an id of its own.
func keepsNothing(path string) bool {
	last := path[strings.LastIndex(path, "/")+1:]
	return slices.Contains([]string{"tokens", "password-links", "login-keys"}, last)
}

// body is the example of a request; ACME is the reseller's.
func (w *world) body(o *operation, names *strings.Replacer) any {
	if o.RequestBody == nil {
		return nil
	}
	b := map[string]any{}
	if err := json.Unmarshal([]byte(names.Replace(string(o.RequestBody.Content["application/json"].Example))), &b); err != nil {
		w.t.Fatal(err)
	}
	if o.OperationID == "create-company" {
		b["reseller"] = "northwind"
	}
	return b
}

// url fills a path. item is the last name's value; empty for the one that was made.
func (w *world) url(path, company, reseller, item string) string {
	if item == "" {
		item = w.ids[path[:strings.LastIndex(path, "/")]]
	}
	parts := strings.Split(path, "/")
	for i, part := range parts {
		switch {
		case part == "{company}" && (i < len(parts)-1 || item == ""):
			parts[i] = company
		case part == "{reseller}" && (i < len(parts)-1 || item == ""):
			parts[i] = reseller
		case part == "{room}" && i < len(parts)-1:
			parts[i] = "standup"
		case part == "{user}" && i < len(parts)-1:
			parts[i] = w.ids["/api/v1/companies/{company}/users"]
		case strings.HasPrefix(part, "{"):
			parts[i] = item
		}
	}
	return strings.Join(parts, "/")
}

// key makes a key at a path, as the platform does.
func (w *world) key(path string, more m) caller {
	w.t.Helper()
	body := m{"name": "k", "rate": 10_000}
	maps.Copy(body, more)
	var k struct{ ID, Key string }
	w.root.want(201, "POST", "/api/v1"+path+"/api-keys", body, &k)
	return caller{p: w.platform, key: k.Key}
}

// snapshot is the whole state.
func (w *world) snapshot() string {
	w.t.Helper()
	var b bytes.Buffer
	if err := w.store.View().WriteSnapshot(&b); err != nil {
		w.t.Fatal(err)
	}
	return b.String()
}

// same fails unless two answers are equal but for their request's id.
func same(t *testing.T, name string, a, b *httptest.ResponseRecorder) {
	t.Helper()
	clean := func(r *httptest.ResponseRecorder) string {
		h := r.Header().Clone()
		id := h.Get("X-Request-Id")
		h.Del("X-Request-Id")
		h.Del("RateLimit") // tells of time
		return fmt.Sprint(r.Code, h, strings.ReplaceAll(r.Body.String(), id, ""))
	}
	if clean(a) != clean(b) {
		t.Errorf("%s: the answers differ:\n%s\n%s", name, clean(a), clean(b))
	}
}

func TestExamplesOfTheDocumentWork(t *testing.T) {
	w := newWorld(t)
	w.doc.each(func(method, path string, o *operation) {
		if o.scope() == "" || method == "DELETE" || method == "POST" && !keepsNothing(path) {
			return
		}
		want := 200
		if method == "POST" {
			want = 201
		}
		url := w.url(path, "acme", "northwind", "")
		r := w.root.do(method, url, w.body(o, w.names))
		if r.Code != want {
			t.Errorf("%s %s: %d %s", method, url, r.Code, r.Body)
			return
		}
		for status, res := range o.Responses {
			if media, ok := res.Content["application/json"]; ok && status < "300" {
				sameMembers(t, method+" "+path, media.Example, r.Body.Bytes())
			}
		}
	})
}

// sameMembers wants an example to have no member that the answer lacks.
func sameMembers(t *testing.T, name string, example, got []byte) {
	t.Helper()
	var a, b map[string]any
	if json.Unmarshal(example, &a) != nil || json.Unmarshal(got, &b) != nil {
		t.Errorf("%s: %s, %s", name, example, got)
	}
	for member := range a {
		if _, ok := b[member]; !ok && !slices.Contains([]string{"key", "secret"}, member) { // which are shown once
			t.Errorf("%s: the example has %s, the answer has not: %s", name, member, got)
		}
	}
}

// Every operation of the document by everybody whose it is not: nothing is read, nothing is written, and what is
// another's looks like what is not there.
func TestNobodyReachesWhatIsNotTheirs(t *testing.T) {
	w := newWorld(t)
	w.root.want(201, "POST", "/api/v1/resellers", m{"id": "rival", "name": "Rival"}, nil)
	w.root.want(201, "POST", "/api/v1/companies", m{"id": "stranger", "name": "Stranger", "reseller": "rival"}, nil)
	stranger, rival, own := w.key("/companies/stranger", nil), w.key("/resellers/rival", nil), w.key("/companies/acme", nil)
	northwind := w.key("/resellers/northwind", nil)
	revoked := w.key("", nil)
	w.root.want(204, "DELETE", "/api/v1/api-keys/"+strings.Split(revoked.key, "_")[1], nil, nil)
	expired := w.key("", m{"expires": time.Now().Add(-time.Second)})
	narrow := w.key("", m{"scopes": []string{"pops:read"}})
	before, index := w.snapshot(), w.store.View().Index()

	w.doc.each(func(method, path string, o *operation) {
		if o.open() || o.personal() {
			return // of nobody's things, see TestSigningIn
		}
		name, url, body := method+" "+path, w.url(path, "acme", "northwind", ""), w.body(o, w.names)
		for who, c := range map[string]caller{"nobody": {p: w.platform}, "revoked": revoked, "expired": expired} {
			if r := c.from(url).do(method, url, body); r.Code != 401 {
				t.Errorf("%s by %s: %d %s", name, who, r.Code, r.Body)
			}
		}
		if r := narrow.do(method, url, body); o.scope() != "pops:read" && (r.Code != 403 || !strings.Contains(r.Body.String(), "insufficient_scope")) {
			t.Errorf("%s with the scope of another thing: %d %s", name, r.Code, r.Body)
		}
		for who, c := range map[string]caller{"a stranger": stranger, "another reseller": rival} {
			w.foreign(name+" by "+who, c, method, path, o)
		}
		if !strings.Contains(path, "{company}") {
			w.above(name+" by a company", own, method, path, url, body)
		}
		if !strings.Contains(path, "{company}") && !strings.Contains(path, "{reseller}") {
			w.above(name+" by a reseller", northwind, method, path, url, body)
		}
	})
	if w.snapshot() != before || w.store.View().Index() != index {
		t.Error("somebody changed something")
	}
}

// public may be read by everybody.
func public(method, path string) bool {
	return method == "GET" && (strings.HasPrefix(path, "/api/v1/pops") || strings.HasPrefix(path, "/api/v1/plans"))
}

// foreign calls an operation of another tenant's.
func (w *world) foreign(name string, c caller, method, path string, o *operation) {
	w.t.Helper()
	if public(method, path) {
		return
	}
	r := c.do(method, w.url(path, "acme", "northwind", ""), w.body(o, w.names))
	if method == "GET" && !strings.Contains(path, "{") && r.Code == 200 { // a list of one's own
		for _, id := range w.ids {
			if strings.Contains(r.Body.String(), `"`+id+`"`) {
				w.t.Errorf("%s lists %s: %s", name, id, r.Body)
			}
		}
		return
	}
	if r.Code != 403 && r.Code != 404 || strings.Contains(path, "{company}") && r.Code != 404 {
		w.t.Errorf("%s: %d %s", name, r.Code, r.Body)
	}
	same(w.t, name, r, c.do(method, w.url(path, "nothing", "nothing", "nothing"), w.body(o, w.names)))
}

// above calls what stands above the caller, who has keys and companies of their own all the same.
func (w *world) above(name string, c caller, method, path, url string, body any) {
	w.t.Helper()
	r := c.do(method, url, body)
	switch {
	case public(method, path), method == "GET" && strings.HasPrefix(path, "/api/v1/resellers"), path == "/api/v1/companies" && method == "GET":
		return // it may see itself
	case r.Code != 403 && r.Code != 404:
		w.t.Errorf("%s: %d %s", name, r.Code, r.Body)
	}
}

// An own path leads to nobody else's things: not by id, not by a filter, not by a reference.
func TestOwnPathsLeadToNothingOfOthers(t *testing.T) {
	w := newWorld(t)
	w.root.want(201, "POST", "/api/v1/companies", m{"id": "stranger", "name": "Stranger", "reseller": "northwind"}, nil)
	c := w.key("/companies/stranger", nil)
	compared := 0
	w.doc.each(func(method, path string, o *operation) {
		if !strings.Contains(path, "{company}/") {
			return
		}
		name := method + " " + path
		if strings.HasSuffix(path, "}") { // by id
			compared++
			r := c.do(method, w.url(path, "stranger", "", ""), w.body(o, w.names))
			if r.Code != 404 {
				t.Errorf("%s: %d %s", name, r.Code, r.Body)
			}
			same(t, name, r, c.do(method, w.url(path, "stranger", "", "nothing"), w.body(o, w.names)))
		}
		if method == "GET" && !strings.HasSuffix(path, "}") { // by a filter
			for _, param := range o.Parameters {
				value, ok := w.ids["/api/v1/companies/{company}/"+param.Name+"s"]
				if param.In != "query" || !ok {
					continue
				}
				compared++
				var page struct{ Items []any }
				c.want(200, method, w.url(path, "stranger", "", "")+"?"+param.Name+"="+value, nil, &page)
				if len(page.Items) != 0 {
					t.Errorf("%s by %s: %v", name, param.Name, page.Items)
				}
			}
		}
		if method != "POST" {
			return
		}
		theirs, nobodys := w.body(o, w.names), w.body(o, w.wrong)
		if fmt.Sprint(theirs) != fmt.Sprint(nobodys) { // by a reference
			compared++
			r := c.do(method, w.url(path, "stranger", "", ""), theirs)
			if r.Code < 400 {
				t.Errorf("%s: %d %s", name, r.Code, r.Body)
			}
			same(t, name, r, c.do(method, w.url(path, "stranger", "", ""), nobodys))
		}
	})
	if compared < 45 {
		t.Errorf("%d answers were compared", compared)
	}
}
