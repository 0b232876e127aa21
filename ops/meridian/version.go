package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
)

type versionCommand struct{}

// Run prints the version in one line.
func (versionCommand) Run(p *process) error {
	info, _ := debug.ReadBuildInfo()
	_, err := fmt.Fprintln(p.stdout, version(info))
	return err
}

// version describes a build: its module version, commit and time where the
// toolchain recorded them, the Go version and the platform.
func version(info *debug.BuildInfo) string {
	if info == nil {
		info = &debug.BuildInfo{GoVersion: runtime.Version()}
	}
	number := info.Main.Version
	if number == "" || number == "(devel)" {
		number = "devel"
	}
	set := make(map[string]string)
	for _, s := range info.Settings {
		set[s.Key] = s.Value
	}
	var details []string
	if commit := set["vcs.revision"]; commit != "" {
		text := "commit " + commit[:min(len(commit), 12)]
		if set["vcs.modified"] == "true" {
			text += " with changes"
		}
		details = append(details, text)
	}
	if at := set["vcs.time"]; at != "" {
		details = append(details, "of "+at)
	}
	details = append(details, info.GoVersion, runtime.GOOS+"/"+runtime.GOARCH)
	return fmt.Sprintf("meridian %s (%s)", number, strings.Join(details, ", "))
}
