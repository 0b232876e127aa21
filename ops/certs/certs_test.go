package certs_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/meridian-video/meridian/ops/certs"
)

// write puts a certificate with that serial number into dir.
func write(t *testing.T, dir string, serial int64) (certFile, keyFile string) {
	t.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial),
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(nil, template, template, public, private)
	if err != nil {
		t.Fatal(err)
	}
	key, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	certFile, keyFile = filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")
	for file, block := range map[string]*pem.Block{
		certFile: {Type: "CERTIFICATE", Bytes: der},
		keyFile:  {Type: "PRIVATE KEY", Bytes: key},
	} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
		// Files written within one tick of the clock must differ all the same.
		stamp := time.Unix(1_000_000+serial, 0)
		if err := os.Chtimes(file, stamp, stamp); err != nil {
			t.Fatal(err)
		}
	}
	return certFile, keyFile
}

func serial(t *testing.T, p *certs.Pair) int64 {
	t.Helper()
	c, err := p.GetCertificate(nil)
	if err != nil {
		t.Fatal(err)
	}
	return c.Leaf.SerialNumber.Int64()
}

func TestRunTakesUpARenewedPair(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		certFile, keyFile := write(t, dir, 1)
		var out bytes.Buffer
		p, err := certs.Load(certFile, keyFile, slog.New(slog.NewTextHandler(&out, nil)))
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		hup := make(chan os.Signal)
		var running sync.WaitGroup
		running.Go(func() { p.Run(ctx, hup) })
		defer running.Wait()
		defer cancel()

		write(t, dir, 2)
		if got := serial(t, p); got != 1 {
			t.Errorf("serial %d before the poll", got)
		}
		time.Sleep(certs.Poll + time.Second)
		synctest.Wait()
		if got := serial(t, p); got != 2 {
			t.Errorf("serial %d after the poll, want 2", got)
		}
		write(t, dir, 3)
		hup <- syscall.SIGHUP
		synctest.Wait()
		if got := serial(t, p); got != 3 {
			t.Errorf("serial %d after SIGHUP, want 3", got)
		}
		if err := os.WriteFile(keyFile, []byte("half"), 0o600); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * certs.Poll)
		synctest.Wait()
		if got := serial(t, p); got != 3 {
			t.Errorf("serial %d after a broken renewal, want 3", got)
		}
		if n := strings.Count(out.String(), "not reloaded"); n != 1 {
			t.Errorf("a broken renewal is logged %d times", n)
		}
		if p.Check() != nil {
			t.Error(p.Check())
		}
		time.Sleep(2 * time.Hour)
		if p.Check() == nil {
			t.Error("a certificate that ended is healthy")
		}
	})
}

func TestLoadRefuses(t *testing.T) {
	log := slog.New(slog.DiscardHandler)
	if _, err := certs.Load("absent.crt", "absent.key", log); err == nil || !strings.Contains(err.Error(), "absent.crt") {
		t.Errorf("absent files: %v", err)
	}
	certFile, _ := write(t, t.TempDir(), 1)
	_, keyFile := write(t, t.TempDir(), 2)
	if _, err := certs.Load(certFile, keyFile, log); err == nil {
		t.Error("a key of another certificate is taken")
	}
}
