package record

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Bounds of fields, in bytes unless said otherwise. Ids, names and chat are as long as rooms allow.
const (
	maxID         = 256
	maxName       = 4 * 128 // 128 runes
	maxChatText   = 8 << 10
	maxAttributes = 64 // attributes of a person
	maxAttribute  = 1 << 10
	maxPerson     = 8 << 10 // all attributes together
	maxChanges    = 64      // fields of an audit event
	maxChange     = 512
	maxFarewell   = 2 << 10
)

// Times before and after these are broken clocks.
var (
	earliest = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	latest   = time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)
)

// fieldError is what is wrong with a field.
type fieldError struct{ field, what string }

func (e *fieldError) Error() string { return e.field + " " + e.what }

func fault(field, what string) error { return &fieldError{field, what} }

// first is the first error.
func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func id(field, s string) error {
	if s == "" {
		return fault(field, "is missing")
	}
	return text(field, s, maxID)
}

func optionalID(field, s string) error { return text(field, s, maxID) }

func text(field, s string, limit int) error {
	switch {
	case len(s) > limit:
		return fault(field, fmt.Sprintf("has more than %d bytes", limit))
	case !utf8.ValidString(s):
		return fault(field, "is not UTF-8")
	}
	return nil
}

func oneOf[T ~string](field string, v T, allowed ...T) error {
	for _, a := range allowed {
		if v == a {
			return nil
		}
	}
	return fault(field, "is unknown")
}

func moment(field string, t time.Time) error {
	if t.Before(earliest) || t.After(latest) {
		return fault(field, "is not a time between 2020 and 2200")
	}
	return nil
}

func attributes(m map[string]string) error {
	if len(m) > maxAttributes {
		return fault("attributes", "are more than 64")
	}
	total := 0
	for k, v := range m {
		if err := first(id("attributes", k), text("attributes", v, maxAttribute)); err != nil {
			return err
		}
		total += len(k) + len(v)
	}
	if total > maxPerson {
		return fault("attributes", "have more than 8192 bytes together")
	}
	return nil
}

// instant is the precision of all times.
func instant(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }

// tidyText replaces NUL.
func tidyText(fields ...*string) {
	for _, f := range fields {
		if strings.IndexByte(*f, 0) >= 0 {
			*f = strings.ReplaceAll(*f, "\x00", "\uFFFD")
		}
	}
}

func tidyMap(m map[string]string) map[string]string {
	if len(m) == 0 {
		return nil
	}
	out := make(map[string]string, len(m))
	for k, v := range m {
		tidyText(&k, &v)
		out[k] = max(v, out[k]) // two keys may become one
	}
	return out
}

// join makes an id of parts; lengths keep "a/b" and "c" apart from "a" and "b/c".
func join(k Kind, parts ...string) string {
	out := []byte(k)
	for _, p := range parts {
		out = append(out, '/')
		out = strconv.AppendInt(out, int64(len(p)), 10)
		out = append(out, ':')
		out = append(out, p...)
	}
	return string(out)
}
