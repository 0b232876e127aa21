package control_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/meridian-video/meridian/control/client"
)

// TestTransportFindsAControlNodeThatAnswers: the first address is nobody's.
func TestTransportFindsAControlNodeThatAnswers(t *testing.T) {
	nobody := listen(t, "127.0.0.1:0")
	if err := nobody.Close(); err != nil {
		t.Fatal(err)
	}
	n := openNode(t, t.TempDir(), "127.0.0.1:0")
	e := openEdge(t, client.Config{
		Dir: t.TempDir(), Control: []string{nobody.Addr().String(), clusterAddr(t, n)}, JoinSecret: n.JoinSecret(), NodeID: "fra-1",
	})
	c := &http.Client{Transport: e.Transport()}
	defer c.CloseIdleConnections()
	var status []int
	for range 3 {
		res, err := c.Post("https://control/cluster/v1/nothing", "text/plain", strings.NewReader("x"))
		if err != nil {
			status = append(status, 0)
			continue
		}
		_, _ = io.Copy(io.Discard, res.Body)
		_ = res.Body.Close()
		status = append(status, res.StatusCode)
	}
	if status[0] != 0 || status[1] != http.StatusNotFound || status[2] != http.StatusNotFound {
		t.Fatalf("answers %v", status)
	}
}
