package node

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/meridian-video/meridian/geo"
)

// clusterKey stands in a file of keys for the key that comes with the node's
// certificate.
const clusterKey = "cluster"

// errKeys is returned for a file of keys that cannot be used.
var errKeys = errors.New("must have keys of 32 bytes in base64 or the word cluster, one a line, each once")

// readKeys reads a file of keys; without one there is the cluster's.
func readKeys(file string, cluster []byte) ([][]byte, error) {
	if file == "" {
		return [][]byte{cluster}, nil
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("gossip.keys: %w", err)
	}
	keys, err := parseKeys(string(content), cluster)
	if err != nil {
		return nil, fmt.Errorf("gossip.keys: %s %w", file, err)
	}
	return keys, nil
}

// parseKeys never repeats what it cannot read: it may be a secret.
func parseKeys(content string, cluster []byte) (keys [][]byte, err error) {
	for line := range strings.Lines(content) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		key := cluster
		if line != clusterKey {
			if key, err = base64.StdEncoding.DecodeString(line); err != nil || len(key) != geo.KeySize {
				return nil, errKeys
			}
		}
		for _, k := range keys {
			if bytes.Equal(k, key) {
				return nil, errKeys
			}
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		return nil, errKeys
	}
	return keys, nil
}
