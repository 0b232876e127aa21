package dev

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// addresses says where the network is reached: the address it binds, the one it
// tells people, and whether pages need HTTPS because browsers give no camera to
// plain HTTP elsewhere than on loopback.
type addresses struct {
	bind   netip.Addr
	public netip.Addr
	secure bool
}

// resolve reads --listen.
func resolve(listen string) (addresses, error) {
	ip, err := netip.ParseAddr(listen)
	if err != nil {
		return addresses{}, fmt.Errorf("--listen %q is not an IP address", listen)
	}
	a := addresses{bind: ip, public: ip, secure: !ip.IsLoopback()}
	if ip.IsUnspecified() {
		if a.public, err = machineAddress(ip.Is4()); err != nil {
			return addresses{}, err
		}
	}
	return a, nil
}

// machineAddress is the first address of this machine that is not loopback.
func machineAddress(v4 bool) (netip.Addr, error) {
	list, err := net.InterfaceAddrs()
	if err != nil {
		return netip.Addr{}, err
	}
	for _, a := range list {
		p, err := netip.ParsePrefix(a.String())
		if err == nil && !p.Addr().IsLoopback() && !p.Addr().IsLinkLocalUnicast() && p.Addr().Is4() == v4 {
			return p.Addr(), nil
		}
	}
	return netip.Addr{}, errors.New("this machine has no address but loopback; use --listen 127.0.0.1")
}

func (a addresses) url(port int) string {
	scheme := "http"
	if a.secure {
		scheme = "https"
	}
	return scheme + "://" + net.JoinHostPort(a.public.String(), strconv.Itoa(port))
}

func join(ip netip.Addr, port int) string { return netip.AddrPortFrom(ip, uint16(port)).String() }

// certificate returns the generated certificate of the pages, made once per
// data directory and address.
func certificate(dir string, ip netip.Addr) (tls.Certificate, error) {
	file := filepath.Join(dir, "page-"+ip.StringExpanded()+".pem")
	if b, err := os.ReadFile(file); err == nil {
		if c, err := tls.X509KeyPair(b, b); err == nil && time.Now().Before(c.Leaf.NotAfter.Add(-24*time.Hour)) {
			return c, nil
		}
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "Meridian development"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(0, 3, 0),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		IPAddresses: []net.IP{ip.AsSlice(), net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"localhost"},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return tls.Certificate{}, err
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return tls.Certificate{}, err
	}
	b := append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})...)
	if err := os.WriteFile(file, b, 0o600); err != nil {
		return tls.Certificate{}, err
	}
	return tls.X509KeyPair(b, b)
}
