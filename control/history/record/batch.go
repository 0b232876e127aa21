package record

// Path is where edges post batches, at the cluster listener and with their node's certificate: lines one after
// the other, compressed with gzip (Content-Encoding) or not. The answer is 200 with an Answer, and only what it
// says is kept may be forgotten. 400 and 413 mean that the batch as a whole cannot be read or is too large and
// will never be; 429 and 5xx that it should be sent again later, after Retry-After where given.
const Path = "/cluster/v1/history"

// Limits of a batch.
const (
	MaxLine  = 128 << 10 // bytes of a line with its end
	MaxBatch = 5_000     // records
	MaxBody  = 8 << 20   // bytes of all lines, uncompressed
)

// Answer says what became of a batch: every record of it that is not in Refused is on disk.
type Answer struct {
	Stored  int       `json:"stored"` // records, those that were there already too
	Refused []Refusal `json:"refused,omitempty"`
}

// Refusal is one record that was not stored.
type Refusal struct {
	Line    int    `json:"line"` // from 0, empty lines not counted
	Code    Code   `json:"code"`
	Message string `json:"message"`
}

// Code says why a record was refused.
type Code string

// The codes.
const (
	CodeMalformed      Code = "malformed"       // not a record
	CodeInvalid        Code = "invalid"         // a field breaks a rule
	CodeForbidden      Code = "forbidden"       // not for an edge to say
	CodeUnknownKind    Code = "unknown_kind"    // control is older than the edge
	CodeUnknownCompany Code = "unknown_company" // the company is not there, or not yet
	CodeFuture         Code = "future"          // a clock is wrong
)

// Again says whether the same record may be accepted later, so that an outbox should keep it for a while.
func (c Code) Again() bool {
	return c == CodeUnknownKind || c == CodeUnknownCompany || c == CodeFuture
}
