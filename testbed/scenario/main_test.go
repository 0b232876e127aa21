package scenario

import (
	"os"
	"testing"

	"github.com/meridian-video/meridian/testbed/simnet"
)

func TestMain(m *testing.M) {
	simnet.Alone()
	os.Exit(m.Run())
}
