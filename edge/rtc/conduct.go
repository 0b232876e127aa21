package rtc

import "time"

// What a client may ask for in a second. An honest browser with nine pictures,
// 720 packets a second, 20 % of them lost, asks for 180 numbers, or 1,440 if
// nothing is ever repaired (ten tries each); that takes some 200 packets of
// RTCP, 600 at most. It wants keyframes every 200 ms of each picture that it
// cannot show, 45 a second, and speaks once of each packet: 5,500 a second at
// the 50 Mbit/s that are the most. DESIGN.md has the sums.
var (
	// unread is above which RTCP stays unread for the rest of the second.
	unread = demand{packets: 1500, numbers: 2000, keyframes: 300, receipts: 10_000}
	// flood is above which RTCP is not even decrypted for the rest of the
	// second, and floodSeconds such in a row end the transport.
	flood = demand{packets: 3000, numbers: 4000, keyframes: 600, receipts: 20_000}
)

// floodSeconds outlasts a stall of the network, which lets what it held back
// go within a second or two.
const floodSeconds = 10

// verdict is what becomes of a compound, or of the client.
type verdict uint8

const (
	heed verdict = iota
	ignore
	end
)

// conduct judges what a client asks for, by the second. Only what is authentic
// may be judged: anyone can forge an address. It belongs to the reader.
type conduct struct {
	second time.Duration // which one is counted, in seconds
	asked  demand        // in it
	over   bool          // it is above flood
	run    int           // seconds in a row that are, with this one
}

// judge takes what a compound asks for.
func (c *conduct) judge(d demand, now time.Duration) verdict {
	c.turn(now)
	c.asked.add(d)
	if !c.over && c.asked.exceeds(flood) {
		c.over = true
		c.run++
	}
	switch {
	case c.run >= floodSeconds:
		return end
	case c.asked.exceeds(unread):
		return ignore
	}
	return heed
}

// deaf says that the client has asked for so much that the rest of the second
// need not be decrypted.
func (c *conduct) deaf(now time.Duration) bool {
	c.turn(now)
	return c.over
}

func (c *conduct) turn(now time.Duration) {
	second := now / time.Second
	if second == c.second {
		return
	}
	if !c.over || second != c.second+1 {
		c.run = 0
	}
	c.second, c.asked, c.over = second, demand{}, false
}

const (
	// silentTime is how long a client may leave what it is sent without a
	// report. Browsers report ten times a second; consent, which is another
	// matter, is lost sooner.
	silentTime = 30 * time.Second
	// silentPackets must have left in that time: a tenth of a voice alone. A
	// few that got lost before everything was paused prove nothing.
	silentPackets = 150
)

// debt is the report of a client that has agreed to report on what it is
// sent. It belongs to the ticker.
type debt struct {
	latest time.Duration
	from   uint64 // packets that had been sent when it began
}

// judge takes for how long the client has owed a report, and how many packets
// it has been sent ever. It says whether that is enough.
func (x *debt) judge(owed time.Duration, sent uint64) bool {
	if owed == 0 || owed < x.latest {
		x.from = sent
	}
	x.latest = owed
	return owed >= silentTime && sent-x.from >= silentPackets
}
