package signal

// Secret is what somebody typed to be let in. It prints as nothing, so that no
// log has it by accident.
type Secret string

// String implements fmt.Stringer.
func (Secret) String() string { return "***" }

// GoString implements fmt.GoStringer.
func (Secret) GoString() string { return "***" }
