package arrows

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// folders are the seven; visible is all that stands at the top beside dotfiles.
var (
	folders = []string{"control", "edge", "geo", "ops", "relay", "testbed", "turn"}
	visible = append([]string{"LICENSE", "README.md", "go.mod", "go.sum"}, folders...)
)

func TestTopLevel(t *testing.T) {
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") {
			found = append(found, e.Name())
		}
	}
	for _, name := range found {
		if !slices.Contains(visible, name) {
			t.Errorf("%s does not belong at the top level", name)
		}
	}
	for _, name := range visible {
		if !slices.Contains(found, name) {
			t.Errorf("%s is missing at the top level", name)
		}
	}
}

func TestFoldersHaveADesign(t *testing.T) {
	for _, folder := range folders {
		content, err := os.ReadFile(filepath.Join(root, folder, "DESIGN.md"))
		if err != nil {
			t.Errorf("%s has no DESIGN.md", folder)
			continue
		}
		if !strings.Contains(string(content), "\n## Decisions") {
			t.Errorf("%s/DESIGN.md has no section Decisions", folder)
		}
	}
}
