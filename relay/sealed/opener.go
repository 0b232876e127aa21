package sealed

// opener opens the datagrams of one direction.
type opener struct {
	secret Secret
	epoch  uint64
	keys   [3]key // of the epochs before, of and after epoch
	window window
}

func newOpener(secret Secret) opener {
	return opener{secret: secret, keys: [3]key{1: secret.key(0), 2: secret.key(1)}}
}

// open opens b in place. What it costs for a forged datagram is one failed AEAD.
func (o *opener) open(b []byte) (kind Kind, counter uint64, plain []byte, err error) {
	if !Is(b) {
		return 0, 0, nil, ErrMalformed
	}
	kind, counter = Kind(b[0]&kindMask), u48(b[5:])
	if !o.window.fresh(counter) {
		return 0, 0, nil, ErrReplayed
	}
	at := epochOf(counter) - o.epoch + 1
	if at > 2 || o.keys[at].aead == nil {
		return 0, 0, nil, ErrForged
	}
	k := &o.keys[at]
	plain, err = k.aead.Open(b[header:header], k.nonceOf(counter), b[header:], b[:header])
	if err != nil {
		return 0, 0, nil, ErrForged
	}
	o.window.mark(counter)
	if at == 2 {
		o.epoch++
		o.keys = [3]key{o.keys[1], o.keys[2], o.secret.key(o.epoch + 1)}
	}
	return kind, counter, plain, nil
}
