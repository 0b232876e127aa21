package geo

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"net"
	"net/url"
	"strconv"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/meridian-video/meridian/geo/place"
)

// metaVersion is the layout of node metadata. Fields are only ever appended
// (a reader skips what follows the fields it knows); anything else is a new
// version, which old readers refuse.
const metaVersion = 1

// maxMeta is memberlist's limit for node metadata, in bytes.
const maxMeta = 512

// MaxHandicap is more than any way on Earth takes.
const MaxHandicap = 10 * time.Second

// errMeta is returned for metadata that does not describe a node.
var errMeta = errors.New("bad node metadata")

// appendMeta writes the part of a node that does not change while it runs:
// version, start in milliseconds since 1970, then every text with its length
// as a uvarint, the handicap in milliseconds as a uvarint, and 1 with the
// place in hundredths of degrees (16 bits each) or 0.
func appendMeta(b []byte, n Node) []byte {
	b = append(b, metaVersion)
	b = binary.AppendVarint(b, n.Started.UnixMilli())
	for _, s := range []string{string(n.POP), n.Region, string(n.Role), n.URL, n.Relay, n.Cluster, n.Version} {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	b = binary.AppendUvarint(b, uint64(max(n.Handicap.Milliseconds(), 0)))
	if n.Place == nil {
		return append(b, 0)
	}
	b = binary.BigEndian.AppendUint16(append(b, 1), hundredths(n.Place.Lat))
	return binary.BigEndian.AppendUint16(b, hundredths(n.Place.Lon))
}

func hundredths(degrees float64) uint16 { return uint16(int16(math.Round(degrees * 100))) }

// placing reads handicap and place, which an earlier version did not write.
func placing(b []byte, n *Node) error {
	if len(b) == 0 {
		return nil
	}
	ms, used := binary.Uvarint(b)
	if used <= 0 || ms > uint64(MaxHandicap.Milliseconds()) {
		return fmt.Errorf("%w: handicap", errMeta)
	}
	n.Handicap = time.Duration(ms) * time.Millisecond
	switch b = b[used:]; {
	case len(b) > 0 && b[0] == 0:
		return nil
	case len(b) < 5 || b[0] != 1:
		return fmt.Errorf("%w: place", errMeta)
	}
	degrees := func(b []byte) float64 { return float64(int16(binary.BigEndian.Uint16(b))) / 100 }
	n.Place = &place.Point{Lat: degrees(b[1:]), Lon: degrees(b[3:])}
	return nil
}

// parseMeta reads what appendMeta wrote, and checks it as appendMeta does not.
func parseMeta(id string, b []byte) (Node, error) {
	if err := ValidNodeID(id); err != nil {
		return Node{}, err
	}
	if len(b) == 0 || b[0] != metaVersion || len(b) > maxMeta {
		return Node{}, fmt.Errorf("%w: unknown version or length", errMeta)
	}
	started, used := binary.Varint(b[1:])
	if used <= 0 {
		return Node{}, fmt.Errorf("%w: start", errMeta)
	}
	b = b[1+used:]
	var texts [7]string
	for i := range texts {
		n, used := binary.Uvarint(b)
		if used <= 0 || n > uint64(len(b)-used) {
			return Node{}, fmt.Errorf("%w: cut off", errMeta)
		}
		texts[i] = string(b[used : used+int(n)])
		b = b[used+int(n):]
	}
	n := Node{
		ID: NodeID(id), POP: POP(texts[0]), Region: texts[1], Role: Role(texts[2]),
		URL: texts[3], Relay: texts[4], Cluster: texts[5], Version: texts[6],
		Started: time.UnixMilli(started).UTC(),
	}
	if err := placing(b, &n); err != nil {
		return Node{}, err
	}
	return n, checkNode(n)
}

// checkNode refuses what must not reach people or other nodes: its values end
// up in lists that browsers follow and in addresses that relays dial.
func checkNode(n Node) error {
	var errs []error
	bad := func(field string, err error) {
		errs = append(errs, fmt.Errorf("%w: %s: %w", errMeta, field, err))
	}
	if err := ValidNodeID(string(n.ID)); err != nil {
		bad("id", err)
	}
	if err := ValidNodeID(string(n.POP)); err != nil {
		bad("pop", errors.New("must be 1 to 63 characters of a-z, 0-9 and hyphen"))
	}
	if n.Role != RoleControl && n.Role != RoleEdge {
		bad("role", errors.New("must be control or edge"))
	}
	if !plain(n.Region) || !plain(n.Version) {
		bad("region or version", errors.New("must be printable text"))
	}
	if n.URL != "" {
		if u, err := url.Parse(n.URL); err != nil || (u.Scheme != "http" && u.Scheme != "https") ||
			u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || !plain(n.URL) {
			bad("url", errors.New("must be an http or https base URL"))
		}
	}
	if n.Place != nil && !n.Place.Valid() {
		bad("place", place.ErrUnknown)
	}
	if n.Handicap < 0 || n.Handicap > MaxHandicap {
		bad("handicap", fmt.Errorf("must be between 0s and %v", MaxHandicap))
	}
	if n.Relay != "" && !hostPort(n.Relay) {
		bad("relay", errors.New("must be host:port"))
	}
	if n.Cluster != "" && !hostPort(n.Cluster) {
		bad("cluster", errors.New("must be host:port"))
	}
	return errors.Join(errs...)
}

func plain(s string) bool {
	if !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		if !unicode.IsPrint(r) {
			return false
		}
	}
	return true
}

func hostPort(s string) bool {
	host, port, err := net.SplitHostPort(s)
	if err != nil || host == "" || !plain(s) {
		return false
	}
	p, err := strconv.ParseUint(port, 10, 16)
	return err == nil && p > 0
}
