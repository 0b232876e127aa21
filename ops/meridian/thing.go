package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/meridian-video/meridian/ops/catalog"
)

// thingCommands are the commands that the API's own description gives, one a thing, with a subcommand an action.
// The cluster has commands made by hand; usage has both.
func thingCommands(openAPI []byte, by *commands) ([]kong.Option, error) {
	things, err := catalog.Things(openAPI)
	if err != nil {
		return nil, err
	}
	var out []kong.Option
	for _, t := range things {
		switch {
		case t.Name == "usage":
			by.Usage.Plugins = kong.Plugins{commandOf(t)}
		case !slices.Contains(byHand, t.Name):
			out = append(out, kong.DynamicCommand(t.Name, helpOf(t), "Over the API:", commandOf(t)))
		}
	}
	return out, nil
}

// byHand are words that a thing of the API cannot have.
var byHand = []string{"dev", "control", "edge", "cluster", "node", "snapshot", "config", "version", "completion", "complete"}

// helpOf is one line: what the things are, with all verbs.
func helpOf(t catalog.Thing) string {
	var verbs []string
	for _, a := range t.Actions {
		verbs = append(verbs, a.Verb)
	}
	what, listed := strings.CutPrefix(t.Actions[0].Summary, "List ")
	switch {
	case !listed && len(verbs) == 1:
		return what + "."
	case !listed:
		what = strings.ReplaceAll(t.Name, "-", " ")
	}
	return strings.ToUpper(what[:1]) + what[1:] + ": " + strings.Join(verbs, ", ") + "."
}

// commandOf makes a struct as kong takes it, with a field an action. Kong reads types, so there is no way with
// values alone.
func commandOf(t catalog.Thing) any {
	var fields []reflect.StructField
	var values []any
	field := func(verb, help, tags string, command any) {
		fields = append(fields, reflect.StructField{
			Name: "Do" + strconv.Itoa(len(fields)), Type: reflect.TypeOf(command),
			Tag: reflect.StructTag(fmt.Sprintf("cmd:%q name:%q help:%q %s", "", verb, help, tags)),
		})
		values = append(values, command)
	}
	for _, a := range t.Actions {
		if t.Name == "usage" && slices.Contains([]string{"export", "key", "verify"}, a.Verb) {
			continue
		}
		tags := ""
		if a.Verb == "revoke" {
			tags = `aliases:"delete"`
		}
		if a.Item() {
			field(a.Verb, a.Summary+".", tags, itemCommand{ask: ask{a}})
		} else {
			field(a.Verb, a.Summary+".", tags, collectionCommand{ask: ask{a}})
		}
	}
	if t.Name == "api-key" {
		field("rotate", "Make a key that may do the same, and end the old one a while later.", "", rotateCommand{})
	}
	v := reflect.New(reflect.StructOf(fields))
	for i, command := range values {
		v.Elem().Field(i).Set(reflect.ValueOf(command))
	}
	return v.Interface()
}

// place is the flags that say whose things are meant.
type place struct {
	Company  string `placeholder:"ID" help:"Whose; MERIDIAN_COMPANY, else the only company that the key sees."`
	Reseller string `placeholder:"ID" help:"Whose, where resellers have such things too."`
}

// collectionCommand is an action on many things, or one that makes a new one.
type collectionCommand struct {
	remote
	place
	ask
	Fields []string `arg:"" optional:"" placeholder:"name=value" help:"What to set, or to list by; listed above."`
	Limit  int      `default:"200" placeholder:"N" help:"How many to list at most; 0 = all (200)."`
	JSON   bool     `help:"Print JSON instead of the table."`
}

// Run asks the API and prints the answer.
func (c *collectionCommand) Run(ctx context.Context, p *process) error {
	return c.run(ctx, p, c.remote, c.place, "", c.Fields, c.Limit, c.JSON)
}

// itemCommand is an action on one thing.
type itemCommand struct {
	remote
	place
	ask
	ID     string   `arg:"" help:"Which one."`
	Fields []string `arg:"" optional:"" placeholder:"name=value" help:"What to change; listed above."`
	Limit  int      `default:"200" hidden:""`
	JSON   bool     `help:"Print JSON instead of the table."`
}

// Run asks the API and prints the answer.
func (c *itemCommand) Run(ctx context.Context, p *process) error {
	return c.run(ctx, p, c.remote, c.place, c.ID, c.Fields, c.Limit, c.JSON)
}

// ask makes an action's request.
type ask struct{ action catalog.Action }

// Help implements kong.HelpProvider.
func (a ask) Help() string { return a.action.Help() }

func (a ask) run(ctx context.Context, p *process, r remote, of place, id string, fields []string, limit int, asJSON bool) error {
	route, parents, err := a.route(ctx, p, r, of)
	if err != nil {
		return err
	}
	made, err := route.Call(parents, id, fields, p.open)
	if err != nil {
		return refuse(fmt.Errorf("%w\nmeridian %s %s --help lists what there is", err, a.action.Thing, a.action.Verb))
	}
	q := request{method: made.Method, path: strings.TrimPrefix(made.Path, "/api/v1"), body: made.Body}
	if route.Pages {
		return a.list(ctx, p, r, q, limit, asJSON)
	}
	body, err := r.call(ctx, p, q)
	if err != nil {
		return a.advise(err, route)
	}
	return a.print(p, body, id, asJSON)
}

// route is the one for the place that is meant.
func (a ask) route(ctx context.Context, p *process, r remote, of place) (catalog.Route, map[string]string, error) {
	company, named := cmp.Or(of.Company, p.getenv("MERIDIAN_COMPANY")), of.Company != "" || of.Reseller != ""
	if of.Reseller != "" {
		company = of.Company
	}
	route, ok := a.action.At(company != "", of.Reseller != "")
	if !ok && !named { // the environment's company does not concern what is of none
		if route, ok = a.action.At(false, false); ok {
			company = ""
		}
	}
	if !ok && !named {
		if route, ok = a.action.At(true, false); ok {
			only, err := onlyCompany(ctx, p, r)
			if err != nil {
				return route, nil, err
			}
			company = only
		}
	}
	if !ok {
		return route, nil, refuse(fmt.Errorf("meridian %s %s is not for the place that --company and --reseller name", a.action.Thing, a.action.Verb))
	}
	return route, map[string]string{catalog.Company: company, catalog.Reseller: of.Reseller}, nil
}

// onlyCompany is the one that the key sees, if it sees just one.
func onlyCompany(ctx context.Context, p *process, r remote) (string, error) {
	var page struct{ Items []struct{ ID string } }
	if err := r.get(ctx, p, "/companies?limit=6", &page); err != nil {
		return "", fmt.Errorf("find out whose things are meant (or name it with --company): %w", err)
	}
	var ids []string
	for _, c := range page.Items {
		ids = append(ids, c.ID)
	}
	switch {
	case len(ids) == 1:
		return ids[0], nil
	case len(ids) == 0:
		return "", refuse(errors.New("the key sees no company: make one with meridian company create name=…"))
	case len(ids) > 5:
		ids[5] = "…"
	}
	return "", refuse(fmt.Errorf("whose? Name one of %s with --company or MERIDIAN_COMPANY", strings.Join(ids, ", ")))
}

// open reads what @name stands for.
func (p *process) open(name string) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(io.LimitReader(p.stdin, 1<<20))
	}
	return os.ReadFile(name)
}

// list prints the pages of a list as one.
func (a ask) list(ctx context.Context, p *process, r remote, q request, limit int, asJSON bool) error {
	items := []json.RawMessage{}
	cursor, more := "", true
	for more && (limit == 0 || len(items) < limit) {
		var page struct {
			Items      []json.RawMessage
			NextCursor string `json:"next_cursor"`
		}
		if err := r.get(ctx, p, paged(q.path, cursor, limit-len(items)), &page); err != nil {
			return a.advise(err, a.action.Routes[0])
		}
		items = append(items, page.Items...)
		cursor, more = page.NextCursor, page.NextCursor != ""
	}
	if asJSON {
		return printJSON(p.stdout, items)
	}
	if len(items) == 0 {
		_, err := fmt.Fprintln(p.stderr, "There are none.")
		return err
	}
	if err := catalog.Rows(p.stdout, a.action.Thing, items); err != nil {
		return err
	}
	if more {
		_, err := fmt.Fprintf(p.stderr, "There are more than %d: --limit 0 lists all.\n", limit)
		return err
	}
	return nil
}

const mostPerPage = 200

func paged(path, cursor string, wanted int) string {
	q := url.Values{"limit": {strconv.Itoa(mostPerPage)}}
	if 0 < wanted && wanted < mostPerPage {
		q.Set("limit", strconv.Itoa(wanted))
	}
	if cursor != "" {
		q.Set("cursor", cursor)
	}
	if strings.Contains(path, "?") {
		return path + "&" + q.Encode()
	}
	return path + "?" + q.Encode()
}

// print writes an answer: what a thing is, a file as it came, or that it is done.
func (a ask) print(p *process, body io.ReadCloser, id string, asJSON bool) error {
	defer body.Close()
	b, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	switch {
	case len(bytes.TrimSpace(b)) == 0:
		_, err = fmt.Fprintf(p.stderr, "%s %s: %s is done.\n", a.action.Thing, id, a.action.Verb)
		return err
	case !json.Valid(b):
		_, err = p.stdout.Write(b)
		return err
	case asJSON:
		return printJSON(p.stdout, json.RawMessage(b))
	}
	if err := catalog.Card(p.stdout, b); err != nil {
		return err
	}
	return a.warn(p, b)
}

// onceOnly are members that no later answer has.
var onceOnly = []string{"key", "secret", "login_key"}

// warn says what must be kept now.
func (a ask) warn(p *process, answer []byte) error {
	var members map[string]json.RawMessage
	if a.action.Verb == "get" || json.Unmarshal(answer, &members) != nil {
		return nil
	}
	for _, name := range onceOnly {
		if _, there := members[name]; there && slices.Contains([]string{"api-key", "webhook", "user"}, a.action.Thing) {
			_, err := fmt.Fprintf(p.stderr, "Keep the %s now: it is not shown again.\n", strings.ReplaceAll(name, "_", " "))
			return err
		}
	}
	return nil
}

// advise adds to a refusal what only the command knows.
func (a ask) advise(err error, route catalog.Route) error {
	what := "meridian " + a.action.Thing
	switch {
	case isProblem(err, "not_found") && a.action.Item():
		return fmt.Errorf("%w\n%s list shows what there is", err, what)
	case isProblem(err, "not_found"):
		return fmt.Errorf("%w\nmeridian company list shows the companies that the key sees", err)
	case isProblem(err, "validation_failed"), isProblem(err, "malformed_request"):
		return fmt.Errorf("%w\n%s %s --help lists the fields", err, what, a.action.Verb)
	case isProblem(err, "stale"):
		return fmt.Errorf("%w\nsomebody was faster: %s get shows it as it is now", err, what)
	case isProblem(err, "insufficient_scope") && route.Method != http.MethodGet:
		return fmt.Errorf("%w\nthe scope is %s", err, route.Scope)
	}
	return err
}
