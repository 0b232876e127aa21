package node

import (
	"cmp"
	"runtime/debug"
	"sync"
)

// Build names what runs, for other nodes and operators: the module's version, or the
// commit that it was built from, with a + where it had changes.
var Build = sync.OnceValue(func() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	return build(info)
})

func build(info *debug.BuildInfo) string {
	set := map[string]string{}
	for _, s := range info.Settings {
		set[s.Key] = s.Value
	}
	commit := set["vcs.revision"]
	commit = commit[:min(len(commit), 12)]
	if commit != "" && set["vcs.modified"] == "true" {
		commit += "+"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" && len(v) <= 20 {
		return v
	}
	return cmp.Or(commit, "devel")
}
