// Package netns is hosts on one machine whose network is as wide as a planet:
// each is a network namespace with an address of its own, and a router in this
// process carries IP packets between them over the links of testbed/wan/path.
//
//	n, err := netns.New(netns.Config{Link: path.Link{Delay: 40 * time.Millisecond}})
//	a, err := n.Add("fra")
//	b, err := n.Add("syd")
//	err = a.Start(exec.Command("meridian", "edge", "--config", "fra.yml"))
//	err = n.Cut("fra", "syd")
//
// Kernel, TCP, sockets and processes are the real ones: what a silent host or a
// black hole does to them is what it does anywhere. Namespaces have no names,
// and processes die with this one, so nothing is left behind however it ends.
//
// It needs Linux, root and /dev/net/tun. IPv4 only; no names, NAT or fragments.
// Where exact times matter more than real programs, use testbed/simnet.
package netns
