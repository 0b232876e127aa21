package config

import (
	"fmt"
	"log/slog"
	"os"
	"slices"
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
	return slices.Concat(
		readSecret("control.voter_secret", &c.Control.VoterSecret, c.Control.VoterSecretFile),
		readSecret("control.history", &c.Control.History, c.Control.HistoryFile),
		readSecret("control.smtp.password", &c.Control.SMTP.Password, c.Control.SMTP.PasswordFile),
		readSecret("control.sms.authorization", &c.Control.SMS.Authorization, c.Control.SMS.AuthorizationFile),
		readSecret("edge.join_secret", &c.Edge.JoinSecret, c.Edge.JoinSecretFile),
	)
}

// readSecret fills the secret of a key from a file, if one is named.
func readSecret(key string, secret *Secret, file string) []complaint {
	if file == "" {
		return nil
	}
	if *secret != "" {
		return []complaint{{key: key, text: "is set beside " + key + "_file"}}
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return []complaint{{key: key + "_file", text: "cannot be read: " + err.Error()}}
	}
	if *secret = Secret(strings.TrimRight(string(content), "\r\n")); *secret == "" {
		return []complaint{{key: key + "_file", text: "names " + file + ", which is empty"}}
	}
	return nil
}
