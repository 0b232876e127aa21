package api

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
)

// words of examples' ids, in an order that stays: the document is a file that people compare.
var words = []string{
	"request", "pop", "reseller", "root_domain", "plan", "company", "domain", "origin", "caller", "key", "api_key", "webhook",
	"user", "customer", "contact", "subscription", "room", "meeting", "attendee", "session",
	"template", "delivery",
}

// exampleID is the id that examples call a thing by.
func exampleID(word string) string {
	switch word {
	case "reseller":
		return "northwind"
	case "company":
		return "acme"
	case "pop":
		return "fra"
	case "node":
		return "control-2"
	case "month":
		return "2026-10"
	case "domain":
		return "meet.acme.example"
	}
	for i, w := range words {
		if w == word {
			return fmt.Sprintf("01jd5s3c8v00000000000000%02d", i)
		}
	}
	return "01jd5s3c8v0000000000000099"
}

// filled puts ids into an example.
func filled(text string) json.RawMessage {
	for _, w := range words {
		text = strings.ReplaceAll(text, "{{"+w+"}}", exampleID(w))
	}
	return json.RawMessage(text)
}

// exampleOf is how an answer looks: what was written, what the state adds, and what the answer has beside.
func exampleOf(shape any, entity reflect.Type, inCompany bool, id string, parts ...string) json.RawMessage {
	m := map[string]any{}
	base := fmt.Sprintf(`{"id":%q,"created_at":"2026-11-21T09:30:00Z","updated_at":"2026-11-21T09:30:00Z","version":17}`, id)
	if inCompany {
		parts = append(parts, `{"company":"{{company}}"}`)
	}
	for _, p := range append(parts, base) {
		if p == "" {
			continue
		}
		if err := json.Unmarshal(filled(p), &m); err != nil {
			panic(fmt.Sprintf("example %s: %v", p, err)) // a constant of this package is wrong
		}
	}
	if shape != nil {
		entity = reflect.TypeOf(shape)
	}
	out := reflect.New(entity).Interface()
	b, err := json.Marshal(m)
	if err == nil {
		err = json.Unmarshal(b, out)
	}
	if err == nil {
		b, err = json.Marshal(out)
	}
	if err != nil {
		panic(fmt.Sprintf("example of %s: %v", entity, err)) // a constant of this package is wrong
	}
	return b
}

// examplePEM is a public key that nobody has the private half of, as JSON.
const examplePEM = `"-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA0+7T9F8Y+0YSCOlVAgce\nPP7qQ5zN15FBDCkceDj1tPFcNS/rYC5CY365pRRmKl58mNjMOHiSYv+8JFn4cEoN\nVmSAfQMf9OogUQo5pXUnBjL9lSW/yhtmweEOI7e6KJ8kaeYqDIUe9Vy44Q7mv/MX\n1FAcLJQDeo5EwGXQsQVRF78TqVZmeqtBpeYtSEv3VUdMEQfkg4MpS+ZhMNJVBtJt\nBuoA0n1uYP1rMVLB1gmUIlHdgdS37/ty31qEIgk3sWLJAgn5rq1GDhwKpg2vkJSy\nsxzu4K7o9XfLy1hSaJGHXV8kstWqgWZ297T4DnTEXL+MLlrrr3ntRWDBAbK3Qcbl\nYQIDAQAB\n-----END PUBLIC KEY-----\n"`
