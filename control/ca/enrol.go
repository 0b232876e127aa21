package ca

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/meridian-video/meridian/geo"
)

// EnrolPath is where nodes enrol on the cluster listener.
const EnrolPath = "/cluster/v1/enrol"

var (
	// ErrRequest is returned when an enrolment request is malformed.
	ErrRequest = errors.New("malformed enrolment request")
	// ErrRefused is returned when control does not accept the proof of the join secret, or the node's role.
	ErrRefused = errors.New("enrolment refused: the join secret or the role is not accepted")
	// ErrWrongCluster is returned when the server is not of the cluster that the join secret names.
	ErrWrongCluster = errors.New("the control node is not of the cluster that the join secret names")
)

// maxEnrol bounds an enrolment message, in bytes.
const maxEnrol = 16 << 10

// enrolTimeout bounds one exchange, once connected.
const enrolTimeout = 15 * time.Second

// enrolRequest asks for a certificate.
type enrolRequest struct {
	Node  geo.NodeID `json:"node"`
	Role  geo.Role   `json:"role"`
	CSR   []byte     `json:"csr"`   // PKCS #10, DER
	Proof []byte     `json:"proof"` // JoinSecret.Prove
}

type enrolResponse struct {
	Certificate []byte   `json:"certificate"` // DER
	CA          []byte   `json:"ca"`          // DER
	GossipKey   []byte   `json:"gossip_key"`
	SealKey     []byte   `json:"seal_key"`
	Seeds       []string `json:"seeds"`
}

func parseEnrol(body []byte) (enrolRequest, *x509.CertificateRequest, error) {
	var r enrolRequest
	if err := json.Unmarshal(body, &r); err != nil {
		return r, nil, fmt.Errorf("%w: %w", ErrRequest, err)
	}
	if err := geo.ValidNodeID(string(r.Node)); err != nil {
		return r, nil, fmt.Errorf("%w: %w", ErrRequest, err)
	}
	if len(r.Role) > 32 || len(r.Proof) != proofSize {
		return r, nil, fmt.Errorf("%w: role or proof", ErrRequest)
	}
	csr, err := x509.ParseCertificateRequest(r.CSR)
	if err == nil {
		err = csr.CheckSignature() // the node holds the key
	}
	if err != nil {
		return r, nil, fmt.Errorf("%w: %w", ErrRequest, err)
	}
	return r, csr, nil
}

// EnrolHandler answers nodes that join or renew. It needs the connection's TLS state: serve it on a listener
// with Identity.ControlServerTLS.
func (a *Authority) EnrolHandler(seeds func() []string, log *slog.Logger) http.Handler {
	budget := newBudget(10, time.Minute)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := hostOf(r.RemoteAddr)
		if !budget.allow(host, time.Now()) {
			w.Header().Set("Retry-After", "60")
			http.Error(w, "too many failed attempts", http.StatusTooManyRequests)
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxEnrol))
		if err != nil {
			http.Error(w, "unreadable request", http.StatusBadRequest)
			return
		}
		req, csr, err := parseEnrol(body)
		if err != nil {
			budget.spend(host, time.Now())
			http.Error(w, "malformed request", http.StatusBadRequest)
			return
		}
		// The join secret makes edges; what makes a voter is not in an edge's hands.
		if r.TLS == nil || !a.secret.Check(r.TLS, req.Node, req.Role, req.CSR, req.Proof) || req.Role != geo.RoleEdge {
			budget.spend(host, time.Now())
			log.Warn("enrolment refused", "node", req.Node, "role", req.Role, "remote", host)
			http.Error(w, "refused", http.StatusForbidden)
			return
		}
		cert, err := a.Issue(req.Node, req.Role, csr.PublicKey)
		if err != nil {
			http.Error(w, "the key is not usable", http.StatusBadRequest)
			return
		}
		log.Info("node enrolled", "node", req.Node, "role", req.Role, "remote", host, "until", cert.NotAfter)
		w.Header().Set("Content-Type", "application/json")
		res := enrolResponse{Certificate: cert.Raw, CA: a.cert.Raw, GossipKey: a.gossip, SealKey: a.seal, Seeds: seeds()}
		if err := json.NewEncoder(w).Encode(res); err != nil {
			log.Warn("answer enrolment", "node", req.Node, "err", err)
		}
	})
}

// Enrol gets a new identity from a control node over one connection of the given dial function, and keeps it
// in the file.
func Enrol(ctx context.Context, secret JoinSecret, node geo.NodeID, addr, file string, dial DialFunc) (*Identity, error) {
	i := &Identity{node: node}
	return i, i.Enrol(ctx, secret, addr, file, dial)
}

// Enrol renews the identity in the same way; on an error it stays as it is.
func (i *Identity) Enrol(ctx context.Context, secret JoinSecret, addr, file string, dial DialFunc) error {
	key, csr, err := newKey(i.node)
	if err != nil {
		return err
	}
	conn, err := dialPinned(ctx, secret, addr, dial)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(enrolTimeout)); err != nil {
		return err
	}
	res, err := exchange(ctx, conn, secret, i.node, csr)
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return fmt.Errorf("node key: %w", err)
	}
	s := stored{Key: der, Certificate: res.Certificate, CA: res.CA, Gossip: res.GossipKey, Seal: res.SealKey, Seeds: res.Seeds}
	m, err := s.material(i.node, time.Now())
	if err != nil {
		return err
	}
	if !secret.Pins(m.ca) {
		return ErrWrongCluster
	}
	text, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("encode identity: %w", err)
	}
	if err := WriteFile(file, text); err != nil {
		return fmt.Errorf("keep identity: %w", err)
	}
	i.cur.Store(m)
	return nil
}

func exchange(ctx context.Context, conn *tls.Conn, secret JoinSecret, node geo.NodeID, csr []byte) (enrolResponse, error) {
	var out enrolResponse
	cs := conn.ConnectionState()
	proof, err := secret.Prove(&cs, node, geo.RoleEdge, csr)
	if err != nil {
		return out, err
	}
	body, err := json.Marshal(enrolRequest{Node: node, Role: geo.RoleEdge, CSR: csr, Proof: proof})
	if err != nil {
		return out, fmt.Errorf("encode enrolment: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://"+ControlName+EnrolPath, bytes.NewReader(body))
	if err != nil {
		return out, err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := roundTrip(conn, req)
	if err != nil {
		return out, fmt.Errorf("enrol: %w", err)
	}
	defer res.Body.Close()
	switch res.StatusCode {
	case http.StatusOK:
	case http.StatusForbidden:
		return out, ErrRefused
	default:
		return out, fmt.Errorf("enrol: control answers %s", res.Status)
	}
	if err := json.NewDecoder(io.LimitReader(res.Body, maxEnrol)).Decode(&out); err != nil {
		return out, fmt.Errorf("enrol: %w", err)
	}
	return out, nil
}
