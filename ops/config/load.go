package config

import (
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"strings"

	"github.com/goccy/go-yaml"
)

// ErrInvalid is returned when a file, an override or a value is refused; the
// message says everything that is wrong.
var ErrInvalid = errors.New("configuration refused")

// Invalid is what Load returns when it refuses; errors.Is finds ErrInvalid in
// it.
type Invalid struct {
	// File is the name of the file.
	File string

	complaints []complaint
}

// Error puts each complaint on a line of its own: the file, the line and column
// where there is one, the key and what is wrong.
func (e *Invalid) Error() string {
	lines := make([]string, len(e.complaints))
	for i, c := range e.complaints {
		separator := ": "
		if c.at != "" {
			separator = ":"
		}
		lines[i] = e.File + separator + c.Error()
	}
	return strings.Join(lines, "\n")
}

// Is makes it an ErrInvalid.
func (e *Invalid) Is(target error) bool { return target == ErrInvalid }

// Load reads a file over the defaults, then the environment (as os.Environ
// gives it) over the file, then the files of secrets, and checks what a node of
// that role needs.
func Load(file string, role Role, environ []string) (Config, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return Config{}, fmt.Errorf("read configuration: %w", err)
	}
	c := Default()
	d := decode(content, &c)
	if len(d.complaints) > 0 {
		return Config{}, &Invalid{File: file, complaints: d.complaints}
	}
	complaints, overridden := override(&c, environ)
	complaints = append(complaints, c.readSecrets()...)
	for _, wrong := range c.complaints(role) {
		if !overridden[wrong.key] {
			wrong.at = d.places[wrong.key]
		}
		complaints = append(complaints, wrong)
	}
	if len(complaints) > 0 {
		return Config{}, &Invalid{File: file, complaints: complaints}
	}
	if c.Region == "" {
		c.Region = c.POP
	}
	return c, nil
}

// Print writes the configuration as a file would hold it, secrets masked.
func Print(w io.Writer, c Config, role Role) error {
	node := reflect.ValueOf(c)
	for field, value := range node.Fields() {
		key := field.Tag.Get("yaml")
		if key == "control" && role == RoleEdge || key == "edge" && role == RoleControl {
			continue
		}
		out, err := yaml.MarshalWithOptions(map[string]any{key: value.Interface()}, yaml.IndentSequence(true))
		if err != nil {
			return fmt.Errorf("print %s: %w", key, err)
		}
		if _, err := w.Write(out); err != nil {
			return err
		}
	}
	return nil
}
