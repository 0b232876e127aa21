package main

import (
	"context"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/alecthomas/kong"

	"github.com/meridian-video/meridian/control"
	"github.com/meridian-video/meridian/control/history"
	"github.com/meridian-video/meridian/control/history/ledger"
	"github.com/meridian-video/meridian/ops/config"
)

// usageCommand groups what has to do with the usage ledger.
type usageCommand struct {
	Export exportCommand `cmd:"" help:"Seal a company's month, on a control node, and write its signed ledger."`
	Key    keyCommand    `cmd:"" help:"Print the public key that checks ledgers of this control node (PEM)."`
	Verify verifyCommand `cmd:"" help:"Check a ledger; needs the file and the public key only."`

	kong.Plugins // what the API can be asked
}

type exportCommand struct {
	file
	Company string `required:"" placeholder:"ID" help:"Whose usage."`
	Month   string `required:"" placeholder:"2026-10" help:"Which month (UTC); it must be over for three days."`
	Out     string `placeholder:"FILE" help:"Where to write it (standard output)."`
}

// Run writes the ledger. What is sealed already comes out unchanged.
func (c *exportCommand) Run(ctx context.Context, p *process) error {
	month, err := history.ParseMonth(c.Month)
	if err != nil {
		return refuse(fmt.Errorf("--month %s: %w", c.Month, err))
	}
	loaded, err := c.load(p, config.RoleControl)
	if err != nil {
		return err
	}
	content, err := seal(ctx, loaded, c.Company, month)
	if err != nil {
		return err
	}
	if c.Out == "" {
		_, err = p.stdout.Write(content)
		return err
	}
	return os.WriteFile(c.Out, content, 0o600)
}

// seal asks the history that the configured node writes to; the node may run meanwhile.
func seal(ctx context.Context, c config.Config, company string, month history.Month) (_ []byte, err error) {
	key, err := control.SigningKey(c.Data)
	if err != nil {
		return nil, err
	}
	url, err := history.URL(c.Control.History.Reveal(), c.Data, 1)
	if err != nil {
		return nil, err
	}
	store, err := history.Open(ctx, url)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	if err := store.Ready(ctx); err != nil {
		return nil, err
	}
	return store.Seal(ctx, company, month, time.Now(), key)
}

type keyCommand struct{ file }

// Run prints the public key.
func (c *keyCommand) Run(p *process) error {
	loaded, err := c.load(p, config.RoleControl)
	if err != nil {
		return err
	}
	key, err := control.SigningKey(loaded.Data)
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return err
	}
	return pem.Encode(p.stdout, &pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

type verifyCommand struct {
	File     string `arg:"" help:"The ledger."`
	Key      string `required:"" placeholder:"FILE" help:"The platform's public key (PEM), from meridian usage key."`
	Previous string `placeholder:"FILE" help:"The ledger of the month before, to check that this one follows it."`
}

// Run checks a ledger and says what it is.
func (c *verifyCommand) Run(p *process) error {
	key, err := readPublicKey(c.Key)
	if err != nil {
		return refuse(err)
	}
	l, err := verify(c.File, key)
	if err != nil {
		return err
	}
	if c.Previous != "" {
		if err := follows(l, c.Previous, key); err != nil {
			return fmt.Errorf("%s: %w", c.File, err)
		}
	}
	_, err = fmt.Fprintf(p.stdout, "%s: genuine, company %s, %s: %d sessions, %d stays, %d s\n",
		filepath.Base(c.File), l.Header.Company, l.Header.Month, l.Total.Sessions, l.Total.Stays, l.Total.Seconds)
	return err
}

func verify(file string, key ed25519.PublicKey) (ledger.Ledger, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return ledger.Ledger{}, err
	}
	l, err := ledger.Verify(content, key)
	if err != nil {
		return l, fmt.Errorf("%s: %w", file, err)
	}
	return l, nil
}

// follows also checks the other file, since a chain of forgeries would hold, too. Each control node has a key of
// its own: where another one sealed the month before, the hash is what counts.
func follows(l ledger.Ledger, previous string, key ed25519.PublicKey) error {
	if _, err := verify(previous, key); err != nil && !errors.Is(err, ledger.ErrKey) {
		return err
	}
	content, err := os.ReadFile(previous)
	if err != nil {
		return err
	}
	return ledger.Follows(l, content)
}

func readPublicKey(file string) (ed25519.PublicKey, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	if block, _ := pem.Decode(text); block != nil && block.Type == "PUBLIC KEY" {
		if k, err := x509.ParsePKIXPublicKey(block.Bytes); err == nil {
			if key, ok := k.(ed25519.PublicKey); ok {
				return key, nil
			}
		}
	}
	return nil, fmt.Errorf("--key %s holds no Ed25519 public key in PEM", file)
}
