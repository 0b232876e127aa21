package browser

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"time"

	"github.com/meridian-video/meridian/testbed/cluster"
)

// Band is one line of a spectrum.
type Band struct{ Hz, Level float64 }

// Spectrum analyses half a second of what the page's audio elements play.
func (p *Page) Spectrum() ([]Band, error) {
	text, err := Eval[string](p, `(async () => {
		const c = window.__ears ??= new AudioContext({sampleRate: 48000});
		await c.resume();
		const a = c.createAnalyser();
		a.fftSize = 8192; a.smoothingTimeConstant = 0.6;
		const sources = [];
		for (const e of document.querySelectorAll('audio,video')) {
			const s = e.srcObject;
			if (!s || e.muted || !s.getAudioTracks().length) continue;
			const n = c.createMediaStreamSource(s); n.connect(a); sources.push(n);
		}
		for (let i = 0; i < 5; i++) { await new Promise(r => setTimeout(r, 100)); a.getFloatFrequencyData(new Float32Array(a.frequencyBinCount)); }
		const f = new Float32Array(a.frequencyBinCount);
		a.getFloatFrequencyData(f);
		sources.forEach(n => n.disconnect());
		return JSON.stringify([...f].map((l, i) => ({Hz: i * 48000 / 8192, Level: isFinite(l) ? l : -200})));
	})()`)
	if err != nil {
		return nil, err
	}
	var out []Band
	return out, json.Unmarshal([]byte(text), &out)
}

// Hears waits until a tone of the frequency stands out of the page's sound. It
// is for Chromium: without an audio device Firefox's AudioContext reads silence.
func (p *Page) Hears(limit time.Duration, hz float64) {
	p.t.Helper()
	p.tone(limit, hz, true)
}

// Misses waits until the tone is not in the page's sound any more.
func (p *Page) Misses(limit time.Duration, hz float64) {
	p.t.Helper()
	p.tone(limit, hz, false)
}

func (p *Page) tone(limit time.Duration, hz float64, there bool) {
	p.t.Helper()
	what := map[bool]string{true: "hears", false: "does not hear"}[there]
	cluster.Wait(p.t, limit, fmt.Sprintf("%s %s %.0f Hz", p.Name, what, hz), func() error {
		spectrum, err := p.Spectrum()
		if err != nil {
			return err
		}
		peak, floor := level(spectrum, hz)
		if out := peak >= -70 && peak-floor >= 15; out != there {
			return fmt.Errorf("%.0f dB there, %.0f dB around", peak, floor)
		}
		return nil
	})
}

// level is the highest line at a frequency, and the mean of those around, in dB.
func level(spectrum []Band, hz float64) (peak, floor float64) {
	peak, n := math.Inf(-1), 0
	for _, b := range spectrum {
		switch {
		case math.Abs(b.Hz-hz) < 15:
			peak = max(peak, b.Level)
		case math.Abs(b.Hz-hz) > 60 && math.Abs(b.Hz-hz) < 120:
			floor += b.Level
			n++
		}
	}
	return peak, floor / float64(max(n, 1))
}

// tone is ten seconds of a sine of 48 kHz, 16 bit, mono, as a WAV file.
func tone(hz float64) []byte {
	const rate, seconds = 48000, 10
	data := make([]byte, 0, rate*seconds*2)
	for i := range rate * seconds {
		v := int16(math.Sin(2*math.Pi*hz*float64(i)/rate) * 12000)
		data = binary.LittleEndian.AppendUint16(data, uint16(v))
	}
	h := []byte("RIFF")
	h = binary.LittleEndian.AppendUint32(h, uint32(36+len(data)))
	h = append(h, "WAVEfmt "...)
	h = binary.LittleEndian.AppendUint32(h, 16)
	h = binary.LittleEndian.AppendUint16(h, 1)
	h = binary.LittleEndian.AppendUint16(h, 1)
	h = binary.LittleEndian.AppendUint32(h, rate)
	h = binary.LittleEndian.AppendUint32(h, rate*2)
	h = binary.LittleEndian.AppendUint16(h, 2)
	h = binary.LittleEndian.AppendUint16(h, 16)
	h = append(h, "data"...)
	h = binary.LittleEndian.AppendUint32(h, uint32(len(data)))
	return append(h, data...)
}

// Sounds waits until what the page's audio slots play has more energy than it
// had, whatever it is.
func (p *Page) Sounds(limit time.Duration) {
	p.t.Helper()
	before := math.Inf(1)
	p.Until(limit, "hears something", func(s State) error {
		heard := s.heard()
		before = min(before, heard)
		if heard <= before {
			return fmt.Errorf("energy %v", heard)
		}
		return nil
	})
}
