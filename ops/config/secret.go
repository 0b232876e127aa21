package config

import (
	"fmt"
	"log/slog"
	"os"
	"strings"
)

// Secret is a string that prints as *** wherever it is printed.
type Secret string

// masked is what is shown of a secret that is set.
const masked = "***"

// Reveal returns the secret itself.
func (s Secret) Reveal() string { return string(s) }

// String returns *** or, where nothing is set, nothing.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return masked
}

// GoString masks %#v.
func (s Secret) GoString() string { return fmt.Sprintf("%q", s.String()) }

// LogValue masks slog's attributes.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText masks YAML and JSON.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// readSecrets fills secrets from the files named beside them.
func (c *Config) readSecrets() []complaint {
	var complaints []complaint
	read := func(key string, secret *Secret, file string) {
		if file == "" {
			return
		}
		if *secret != "" {
			complaints = append(complaints, complaint{key: key, text: "is set beside " + key + "_file"})
			return
		}
		content, err := os.ReadFile(file)
		if err != nil {
			complaints = append(complaints, complaint{key: key + "_file", text: "cannot be read: " + err.Error()})
			return
		}
		*secret = Secret(strings.TrimRight(string(content), "\r\n"))
		if *secret == "" {
			complaints = append(complaints, complaint{key: key + "_file", text: file + " is empty"})
		}
	}
	read("control.join_secret", &c.Control.JoinSecret, c.Control.JoinSecretFile)
	read("edge.join_secret", &c.Edge.JoinSecret, c.Edge.JoinSecretFile)
	return complaints
}
