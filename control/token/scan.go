package token

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"unicode/utf8"
)

// maxDepth bounds nesting inside a claim whose value is skipped anyway.
const maxDepth = 16

// value is a scalar member of a JSON object.
type value struct {
	kind byte // 's' string, 'b' boolean, 'n' number, '0' null, '{' skipped
	text string
}

// scanObject reads one JSON object strictly: valid UTF-8, no member twice
// (RFC 7519 section 4 permits refusing), nothing after it. encoding/json alone
// takes the last of two equal members and any case for a field's name, and two
// readers that differ there can be told different stories.
func scanObject(data []byte) (map[string]value, error) {
	if !utf8.Valid(data) {
		return nil, errors.New("not UTF-8")
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return nil, errors.New("not a JSON object")
	}
	members := make(map[string]value)
	for dec.More() {
		t, err := dec.Token()
		if err != nil {
			return nil, err
		}
		name, ok := t.(string)
		if !ok {
			return nil, errors.New("member without a name")
		}
		if _, twice := members[name]; twice {
			return nil, fmt.Errorf("member %.40q twice", name)
		}
		if members[name], err = scanValue(dec); err != nil {
			return nil, err
		}
	}
	if _, err := dec.Token(); err != nil {
		return nil, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("text after the object")
	}
	return members, nil
}

func scanValue(dec *json.Decoder) (value, error) {
	t, err := dec.Token()
	if err != nil {
		return value{}, err
	}
	switch v := t.(type) {
	case string:
		return value{'s', v}, nil
	case bool:
		return value{'b', strconv.FormatBool(v)}, nil
	case json.Number:
		return value{'n', v.String()}, nil
	case nil:
		return value{kind: '0'}, nil
	}
	for depth := 1; depth > 0; {
		t, err := dec.Token()
		if err != nil {
			return value{}, err
		}
		switch t {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth > maxDepth {
			return value{}, errors.New("nested too deeply")
		}
	}
	return value{kind: '{'}, nil
}
