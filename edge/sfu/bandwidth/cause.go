package bandwidth

// A Cause says why the target is what it is.
type Cause uint8

// The causes.
const (
	Starting           Cause = iota // nothing is known yet
	Increasing                      // the link seems to bear more
	Probing                         // a probe is under way
	Overuse                         // queues grew
	Loss                            // packets were lost
	ApplicationLimited              // less is sent than would be allowed
	Silence                         // the subscriber does not answer
	Capped                          // the subscriber or the operator wants no more
	causes
)

var causeNames = [causes]string{
	"starting", "increasing", "probing", "overuse", "loss",
	"application limited", "silence", "capped",
}

// String returns the cause in words.
func (c Cause) String() string {
	if c < causes {
		return causeNames[c]
	}
	return "unknown"
}
