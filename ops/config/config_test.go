package config_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/meridian-video/meridian/ops/config"
)

var rewrite = flag.Bool("rewrite", false, "rewrite the expected texts in testdata")

// role is told by the first word of a test file's name.
func role(file string) config.Role {
	if strings.HasPrefix(filepath.Base(file), "control") {
		return config.RoleControl
	}
	return config.RoleEdge
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *rewrite {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s", file, got, want)
	}
}

func TestGoodFiles(t *testing.T) {
	files, _ := filepath.Glob("testdata/*.good.yml")
	if len(files) < 3 {
		t.Fatalf("only %d good files", len(files))
	}
	for _, file := range files {
		c, err := config.Load(file, role(file), nil)
		if err != nil {
			t.Errorf("%v", err)
			continue
		}
		var out bytes.Buffer
		if err := config.Print(&out, c, role(file)); err != nil {
			t.Fatal(err)
		}
		golden(t, strings.TrimSuffix(file, ".yml")+".txt", out.String())
		if strings.Contains(out.String(), "horse") {
			t.Errorf("%s: the secret is printed", file)
		}
	}
}

func TestBadFilesSayWhatIsWrong(t *testing.T) {
	files, _ := filepath.Glob("testdata/*.bad.yml")
	if len(files) < 15 {
		t.Fatalf("only %d bad files", len(files))
	}
	for _, file := range files {
		_, err := config.Load(file, role(file), nil)
		if !errors.Is(err, config.ErrInvalid) {
			t.Errorf("%s: %v", file, err)
			continue
		}
		golden(t, strings.TrimSuffix(file, ".yml")+".txt", err.Error()+"\n")
	}
}

func TestAPrintedFileIsAFile(t *testing.T) {
	c, err := config.Load("testdata/edge.good.yml", config.RoleEdge, nil)
	if err != nil {
		t.Fatal(err)
	}
	var first, second bytes.Buffer
	if err := config.Print(&first, c, config.RoleEdge); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "printed.yml")
	if err := os.WriteFile(file, first.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	again, err := config.Load(file, config.RoleEdge, []string{"MERIDIAN_EDGE_JOIN_SECRET=correct horse battery staple"})
	if err != nil {
		t.Fatal(err)
	}
	if err := config.Print(&second, again, config.RoleEdge); err != nil {
		t.Fatal(err)
	}
	if first.String() != second.String() {
		t.Errorf("printed\n%s\nthen\n%s", first.String(), second.String())
	}
}

func TestEnvironmentOverrides(t *testing.T) {
	c, err := config.Load("testdata/edge.good.yml", config.RoleEdge, []string{
		"MERIDIAN_EDGE_HTTP_LISTEN=:8443",
		"MERIDIAN_EDGE_HTTP_TLS_CERT=/a.crt",
		"MERIDIAN_GOSSIP_SEEDS=a:1, b:2,",
		"MERIDIAN_EDGE_LIMITS_PARTICIPANTS=7",
		"MERIDIAN_DRAIN=90s",
		"MERIDIAN_EDGE_SERVICE_HOST=10.0.0.1",
		"MERIDIAN_EDGE_MEDIA_ANNOUNCE=",
		"PATH=/bin",
	})
	if err != nil {
		t.Fatal(err)
	}
	if c.Edge.HTTP.Listen != ":8443" || c.Edge.HTTP.TLS.Cert != "/a.crt" ||
		!slices.Equal(c.Gossip.Seeds, []string{"a:1", "b:2"}) ||
		c.Edge.Limits.Participants != 7 || c.Drain != 90*time.Second || len(c.Edge.Media.Announce) != 0 {
		t.Errorf("got %+v", c)
	}
	_, err = config.Load("testdata/edge.good.yml", config.RoleEdge, []string{
		"MERIDIAN_EDGE_LIMITS_PARTICIPANTS=x",
		"MERIDIAN_DRAIN=x",
		"MERIDIAN_EDGE_API=x",
	})
	for _, want := range []string{"MERIDIAN_EDGE_LIMITS_PARTICIPANTS", "MERIDIAN_DRAIN", "edge.api"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not name %s", err, want)
		}
	}
}

func TestVariablesAreOnePerKey(t *testing.T) {
	names := config.Variables()
	for _, want := range []string{"MERIDIAN_NODE", "MERIDIAN_EDGE_JOIN_SECRET_FILE", "MERIDIAN_CONTROL_API_TLS_KEY", "MERIDIAN_CONTROL_HISTORY_FILE"} {
		if !slices.Contains(names, want) {
			t.Errorf("no %s in %v", want, names)
		}
	}
	slices.Sort(names)
	if len(slices.Compact(slices.Clone(names))) != len(names) {
		t.Errorf("two keys share a variable: %v", names)
	}
}

func TestSecretsPrintAsStars(t *testing.T) {
	s := struct{ S config.Secret }{"hidden"}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "secret", s.S, "all", s)
	asJSON, _ := json.Marshal(s)
	for _, text := range []string{fmt.Sprint(s), fmt.Sprintf("%+v %#v %q", s, s, s.S), string(asJSON), log.String()} {
		if strings.Contains(text, "hidden") || !strings.Contains(text, "***") {
			t.Errorf("printed as %s", text)
		}
	}
	if s.S.Reveal() != "hidden" {
		t.Error("Reveal hides too")
	}
}

func TestAbsentFile(t *testing.T) {
	if _, err := config.Load("testdata/absent.yml", config.RoleEdge, nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v", err)
	}
}

func TestDeployFilesAreGood(t *testing.T) {
	for _, r := range []config.Role{config.RoleControl, config.RoleEdge} {
		_, err := config.Load("../deploy/"+string(r)+".yml", r, []string{
			"MERIDIAN_EDGE_JOIN_SECRET_FILE=testdata/secret.txt",
		})
		if err != nil {
			t.Errorf("%v", err)
		}
	}
}

func FuzzLoad(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.yml")
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(content)
	}
	file := filepath.Join(f.TempDir(), "fuzz.yml")
	f.Fuzz(func(t *testing.T, content []byte) {
		if err := os.WriteFile(file, content, 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := config.Load(file, config.RoleEdge, nil)
		if err == nil && c.Validate(config.RoleEdge) != nil {
			t.Error("loaded what Validate refuses")
		}
	})
}
