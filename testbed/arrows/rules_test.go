package arrows

import (
	"slices"
	"strings"
)

// module is what our import paths begin with.
const module = "github.com/meridian-video/meridian/"

// rule says what a folder and those below it may import of ours. The rule with
// the longest folder counts.
type rule struct {
	folder string
	may    []string // "x" is one package, "x/..." it and those below
	why    string
}

// rules is the whole table; what no rule names is refused.
var rules = []rule{
	{"geo", []string{"geo/..."}, "geo is a leaf: everybody knows where nodes are, it knows nobody"},
	{"geo/atlas", nil, "geo/atlas is a leaf: places on a map, for whoever draws or simulates one"},
	{"relay", []string{"relay/...", "geo"}, "a relay carries media between nodes and knows no rooms, people or tenants"},
	{"relay/wire", nil, "relay/wire is a leaf: frames can be read without a link"},
	{"relay/sealed", []string{"relay/wire"}, "relay/sealed is a pure core: datagrams and records without a socket, a link or a clock"},
	{"relay/tree", []string{"geo"}, "relay/tree is arithmetic: it plans over nodes and round trips, and knows no links"},
	{"relay/congestion", nil, "relay/congestion is a leaf: arithmetic over reports, no frames and no links"},
	{"turn", []string{"turn/...", "geo"}, "turn relays for whoever holds a credential and knows no rooms"},
	{"turn/credential", nil, "turn/credential is a leaf: edges mint what turn checks"},
	{"control", []string{"control/...", "geo"}, "control is on the path of no packet and serves edges without knowing them"},
	{"control/token", nil, "control/token is a leaf: edges verify tokens while control is away"},
	{"control/entry", nil, "control/entry is a leaf: the decision is pure, its facts come in as values"},
	{"control/history/record", nil, "control/history/record is a leaf: edges write what history keeps"},
	{"control/outbox", []string{"control/history/record"}, "control/outbox keeps and posts lines: it knows no meetings, and no state of control"},
	{"control/notify/guard", nil, "control/notify/guard is a leaf: whoever calls a tenant's URL goes through it, edges too"},
	{"edge", []string{
		"edge/...", "relay", "relay/tree", "relay/wire", "geo", "geo/place", "turn", "turn/credential",
		"control/client", "control/entry", "control/history/record", "control/notify/guard", "control/token",
	}, "an edge knows control only through what it watches and the leaves it decides with"},
	{"edge/sfu", []string{"edge/sfu/codec"}, "edge/sfu is a leaf: packets in, packets out, no rooms and no sockets"},
	{"edge/sfu/codec", nil, "edge/sfu/codec is a leaf: payloads can be read without a forwarder"},
	{"edge/sfu/allocation", []string{"edge/sfu"}, "edge/sfu/allocation is arithmetic over layers: it forwards nothing and knows no rooms"},
	{"edge/rtc", []string{"edge/sfu", "edge/sfu/bandwidth"}, "edge/rtc is a transport: nothing above the waist may leak below it"},
	{"edge/web", nil, "edge/web is a leaf: the built page and nothing else"},
	{"ops", []string{"ops/...", "control/...", "edge/...", "relay/...", "turn/...", "geo", "geo/..."}, "ops wires everything, but what runs must not depend on what tests it"},
	{"testbed", []string{"testbed/...", "ops/...", "control/...", "edge/...", "relay/...", "turn/...", "geo", "geo/..."}, "testbed may use everything"},
	{"testbed/simnet", nil, "testbed/simnet is a leaf, so that the tests of every folder can use it"},
	{"testbed/simnet/pionnet", []string{"testbed/simnet"}, "testbed/simnet/pionnet is as near a leaf as simnet"},
	{"testbed/postgres", nil, "testbed/postgres starts a server for the tests of any folder"},
	{"testbed/report", nil, "testbed/report reads the output of any tests"},
}

// forTests is what tests may import besides what their package may.
var forTests = []string{"testbed/simnet", "testbed/simnet/pionnet", "testbed/postgres"}

// ruleOf returns the rule for a package of ours.
func ruleOf(pkg string) (rule, bool) {
	var best rule
	found := false
	for _, r := range rules {
		if below(pkg, r.folder) && len(r.folder) >= len(best.folder) {
			best, found = r, true
		}
	}
	return best, found
}

// allows says whether pkg, or its tests, may import target.
func (r rule) allows(pkg, target string, inTest bool) bool {
	if target == pkg { // an external test imports its package
		return inTest
	}
	if inTest && slices.Contains(forTests, target) {
		return true
	}
	return slices.ContainsFunc(r.may, func(allowed string) bool {
		if folder, tree := strings.CutSuffix(allowed, "/..."); tree {
			return below(target, folder)
		}
		return target == allowed
	})
}

func below(pkg, folder string) bool {
	return pkg == folder || strings.HasPrefix(pkg, folder+"/")
}
