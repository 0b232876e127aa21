package history

import (
	"reflect"
	"strings"
	"testing"
)

// Cursors come back from outside. Whatever they are, they are a place or they are refused.
func FuzzCursor(f *testing.F) {
	for _, p := range []place{{[]int64{1}, "s1"}, {[]int64{3, -9}, "m\x00"}, {nil, ""}, {[]int64{1 << 62}, strings.Repeat("x", 300)}} {
		f.Add(p.cursor())
	}
	f.Add("bnVsbA")
	f.Add("!")
	f.Fuzz(func(t *testing.T, cursor string) {
		for numbers := range 3 {
			at, further, err := Page{Cursor: cursor}.start(numbers)
			if err != nil || !further {
				continue
			}
			if len(at.Numbers) != numbers || strings.Contains(at.ID, "\x00") {
				t.Fatalf("%q became %+v", cursor, at)
			}
			again, _, err := Page{Cursor: at.cursor()}.start(numbers)
			if err != nil || !reflect.DeepEqual(again, at) {
				t.Fatalf("%+v became %+v, %v", at, again, err)
			}
		}
	})
}
