package node

import (
	"runtime/debug"
	"testing"
)

func TestBuildsAreNamedShortly(t *testing.T) {
	settings := func(modified string) []debug.BuildSetting {
		return []debug.BuildSetting{{Key: "vcs.revision", Value: "0123456789abcdef0123"}, {Key: "vcs.modified", Value: modified}}
	}
	for _, test := range []struct {
		version  string
		settings []debug.BuildSetting
		want     string
	}{
		{"v1.2.0", settings("false"), "v1.2.0"},
		{"(devel)", settings("false"), "0123456789ab"},
		{"", settings("true"), "0123456789ab+"},
		{"v0.0.0-20261122030000-0123456789ab+dirty", settings("true"), "0123456789ab+"},
		{"(devel)", nil, "devel"},
	} {
		if got := build(&debug.BuildInfo{Main: debug.Module{Version: test.version}, Settings: test.settings}); got != test.want {
			t.Errorf("%s: got %s, want %s", test.version, got, test.want)
		}
	}
}
