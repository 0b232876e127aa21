package catalog

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode"
)

func TestRowsHaveTheColumnsThatAreFilled(t *testing.T) {
	items := []json.RawMessage{
		json.RawMessage(`{"id":"1","company":"acme","version":7,"public_id":"standup","kind":"call","open":true}`),
		json.RawMessage(`{"id":"2","public_id":"` + strings.Repeat("x", 100) + `","kind":"webinar","open":false,"settings":{"lobby":true}}`),
	}
	var out bytes.Buffer
	if err := Rows(&out, "room", items); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(out.String(), "\n")
	if got := strings.Fields(lines[0]); strings.Join(got, " ") != "ID PUBLIC ID KIND OPEN" {
		t.Errorf("header %q", lines[0])
	}
	if got := strings.Fields(lines[1]); strings.Join(got, " ") != "1 standup call true" {
		t.Errorf("first line %q", lines[1])
	}
	if !strings.Contains(lines[2], "x…") {
		t.Errorf("a long value is not cut: %q", lines[2])
	}
}

func TestThingsWithoutChosenColumnsShowTheirFirst(t *testing.T) {
	var out bytes.Buffer
	if err := Rows(&out, "unheard-of", []json.RawMessage{json.RawMessage(`{"company":"acme","when":"now","a":1,"b":null,"c":["x","y"],"d":{"e":1}}`)}); err != nil {
		t.Fatal(err)
	}
	if want := "WHEN  A  C\nnow   1  x,y\n"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}

func TestCardKeepsTheOrderAndFlattens(t *testing.T) {
	var out bytes.Buffer
	if err := Card(&out, json.RawMessage(`{"z":1,"a":{"y":true,"x":["p","q"]},"m":"two words"}`)); err != nil {
		t.Fatal(err)
	}
	if want := "z    1\na.y  true\na.x  p,q\nm    two words\n"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}

func FuzzTables(f *testing.F) {
	for _, seed := range []string{`{"id":"x","name":"\u001b[2J"}`, `[1,2]`, `{"a":{"a":{"a":{"a":{"a":{}}}}}}`, `{"a":"\u202e"}`, `null`, `{`, `{"a\u0007":1}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, answer []byte) {
		var out bytes.Buffer
		_ = Card(&out, answer)
		_ = Rows(&out, "room", []json.RawMessage{answer})
		for _, r := range out.String() {
			if r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r)) {
				t.Fatalf("%q reaches the terminal of %q", r, answer)
			}
		}
	})
}
