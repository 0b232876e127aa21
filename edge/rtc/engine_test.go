package rtc

import (
	"crypto/x509"
	"testing"
)

// Browsers show nobody the certificate of a transport, but whoever looks finds
// the word of the trade and no name of ours.
//
// Covers F-133.
func TestTheCertificateNamesNobody(t *testing.T) {
	made, _, err := newCertificate()
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(made.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Subject.String(); got != "CN=WebRTC" || len(c.DNSNames) > 0 {
		t.Errorf("certificate of %s, %v", got, c.DNSNames)
	}
}
