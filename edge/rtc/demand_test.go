package rtc

import (
	"testing"

	"github.com/pion/rtcp"
)

func compound(t testing.TB, packets ...rtcp.Packet) []byte {
	t.Helper()
	b, err := rtcp.Marshal(packets)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func nackOf(n int) *rtcp.TransportLayerNack {
	seqs := make([]uint16, n)
	for i := range seqs {
		seqs[i] = uint16(i)
	}
	return &rtcp.TransportLayerNack{SenderSSRC: 1, MediaSSRC: 2, Nacks: rtcp.NackPairsFromSequenceNumbers(seqs)}
}

// receiptsOf says of n packets that none has come.
func receiptsOf(n int) *rtcp.TransportLayerCC {
	f := &rtcp.TransportLayerCC{PacketStatusCount: uint16(n)}
	for left := n; left > 0; left -= 8191 {
		f.PacketChunks = append(f.PacketChunks, &rtcp.RunLengthChunk{RunLength: uint16(min(left, 8191))})
	}
	f.Header = rtcp.Header{Count: rtcp.FormatTCC, Type: rtcp.TypeTransportSpecificFeedback, Length: uint16(f.MarshalSize()/4 - 1)}
	f.Header.Padding = (16+2*len(f.PacketChunks))%4 != 0
	f.SenderSSRC, f.MediaSSRC = 1, 2
	return f
}

func TestDemandIsWhatACompoundAsksFor(t *testing.T) {
	report := &rtcp.ReceiverReport{SSRC: 1, Reports: []rtcp.ReceptionReport{{SSRC: 2}, {SSRC: 3}}}
	pli := &rtcp.PictureLossIndication{SenderSSRC: 1, MediaSSRC: 2}
	fir := &rtcp.FullIntraRequest{SenderSSRC: 1, FIR: []rtcp.FIREntry{{SSRC: 2}, {SSRC: 3}}}
	whole := compound(t, report, pli, nackOf(20))
	for _, test := range []struct {
		name string
		in   []byte
		want demand
	}{
		{"nothing", nil, demand{}},
		{"a report", compound(t, report), demand{packets: 1}},
		{"one number", compound(t, nackOf(1)), demand{packets: 1, numbers: 1}},
		{"numbers of two pairs", compound(t, nackOf(20)), demand{packets: 1, numbers: 20}},
		{"a picture", compound(t, pli), demand{packets: 1, keyframes: 1}},
		{"two pictures by FIR", compound(t, fir), demand{packets: 1, keyframes: 2}},
		{"other feedback", compound(t, &rtcp.ReceiverEstimatedMaximumBitrate{Bitrate: 1e6, SSRCs: []uint32{2}}), demand{packets: 1}},
		{"receipts", compound(t, receiptsOf(300)), demand{packets: 1, receipts: 300}},
		{"receipts without their count", []byte{0x8f, 205, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0}, demand{packets: 1}},
		{"a compound", whole, demand{packets: 3, numbers: 20, keyframes: 1}},
		{"one cut short", whole[:len(whole)-1], demand{packets: 2, keyframes: 1}},
		{"a length beyond the end", []byte{0x81, 206, 0xff, 0xff, 0, 0, 0, 0}, demand{}},
		{"feedback without its header", []byte{0x84, 206, 0, 0}, demand{packets: 1}},
	} {
		if got := demandOf(test.in); got != test.want {
			t.Errorf("%s: %+v, want %+v", test.name, got, test.want)
		}
	}
}

// FuzzDemand: whatever the parser would make of a compound has been counted.
func FuzzDemand(f *testing.F) {
	f.Add(compound(f, &rtcp.ReceiverReport{SSRC: 1}, nackOf(40)))
	f.Add(compound(f, &rtcp.FullIntraRequest{SenderSSRC: 1, FIR: []rtcp.FIREntry{{SSRC: 2}}}))
	f.Add(compound(f, &rtcp.PictureLossIndication{SenderSSRC: 1, MediaSSRC: 2}))
	f.Add(compound(f, receiptsOf(20)))
	f.Add([]byte{0x81, 205, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		got := demandOf(b)
		if got.packets > len(b)/4 || got.numbers > 17*len(b)/4 || got.keyframes > len(b)/4 || got.receipts > 1<<16*len(b)/16 {
			t.Fatalf("%+v in %d bytes", got, len(b))
		}
		packets, err := rtcp.Unmarshal(b)
		if err != nil {
			return
		}
		want := demand{packets: len(packets)}
		for _, p := range packets {
			switch p := p.(type) {
			case *rtcp.TransportLayerNack:
				for i := range p.Nacks {
					want.numbers += len(p.Nacks[i].PacketList())
				}
			case *rtcp.PictureLossIndication:
				want.keyframes++
			case *rtcp.FullIntraRequest:
				want.keyframes += len(p.FIR)
			case *rtcp.TransportLayerCC:
				want.receipts += int(p.PacketStatusCount)
			}
		}
		if want.exceeds(got) {
			t.Fatalf("%+v counted of %+v", got, want)
		}
	})
}
