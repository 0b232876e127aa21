package loudness

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

const ms = time.Millisecond

// utterance is a stretch of time in which a microphone picks something up.
type utterance struct {
	from, to time.Duration
	level    uint8 // of vowels, -dBov
	steady   bool  // a tone or a fan, not speech
}

// microphone is a synthetic source of levels: a background, and what is said.
type microphone struct {
	id         string
	background uint8
	dtx        bool // sends nothing while it is silent
	says       []utterance
}

// packet is the level at an instant, or false if nothing is sent.
func (m *microphone) packet(at time.Duration, rng *rand.Rand) (uint8, bool) {
	for _, u := range m.says {
		if at < u.from || at >= u.to {
			continue
		}
		if u.steady {
			return u.level, true
		}
		level := u.level + uint8(rng.IntN(4))
		into := (at - u.from) % (1700 * ms)
		switch {
		case into >= 1500*ms: // breath
			return m.background, !m.dtx
		case into%(220*ms) >= 180*ms: // consonant
			level += 14
		}
		return level, true
	}
	return m.background + uint8(rng.IntN(3)), !m.dtx
}

// meeting runs microphones through meters, a ranking and the choice of the
// dominant speaker, as a node does, every 20 ms.
type meeting struct {
	mics     []microphone
	meters   []Meter
	voices   []Voice
	ranking  Ranking
	dominant string
	now      time.Duration
	rng      *rand.Rand
}

func newMeeting(mics ...microphone) *meeting {
	for i := range mics {
		if mics[i].background == 0 {
			mics[i].background = 70
		}
	}
	return &meeting{mics: mics, meters: make([]Meter, len(mics)), rng: rand.New(rand.NewPCG(1, 2))}
}

// step goes on by 20 ms.
func (m *meeting) step() {
	m.now += frame
	m.voices = m.voices[:0]
	var candidates []Candidate
	for i := range m.mics {
		mic := &m.mics[i]
		if level, ok := mic.packet(m.now, m.rng); ok {
			m.meters[i].Observe(level, m.now)
		}
		r := m.meters[i].Read(m.now)
		if r.Active {
			m.voices = append(m.voices, Voice{mic.id, r.Level, r.Activity})
		}
		if r.Active || mic.id == m.dominant {
			candidates = append(candidates, Candidate{mic.id, r.Activity, mic.id == m.dominant})
		}
	}
	m.dominant = Dominant(candidates)
	m.ranking.Update(m.now, m.voices, m.dominant)
}

// timeline runs until an instant and writes down every change: the dominant
// speaker, and the loudest n as a set.
func (m *meeting) timeline(until time.Duration, n int) []string {
	var out []string
	last := ""
	for m.now < until {
		m.step()
		set := m.ranking.Loudest(n, nil, nil)
		slices.Sort(set)
		if s := fmt.Sprintf("%s %v", m.dominant, set); s != last {
			last = s
			out = append(out, fmt.Sprintf("%v %s", m.now, s))
		}
	}
	return out
}

func says(id string, u ...utterance) microphone { return microphone{id: id, says: u} }
func talk(from, to time.Duration) utterance {
	return utterance{from: from, to: to, level: 25}
}
