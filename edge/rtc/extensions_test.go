package rtc

import (
	"strings"
	"testing"
)

// ids are the extensions of a section that it answers.
func (s *section) ids() (m map[extension]uint8) {
	m = make(map[extension]uint8)
	for i, x := range s.ext {
		if x.id != 0 {
			m[extension(i)] = x.id
		}
	}
	return m
}

func same(a, b map[extension]uint8) bool {
	if len(a) != len(b) {
		return false
	}
	for k, v := range a {
		if b[k] != v {
			return false
		}
	}
	return true
}

func TestExtensionsOfBrowsers(t *testing.T) {
	type ids = map[extension]uint8
	for _, test := range []struct {
		offer string
		want  []ids
	}{
		{"chromium-simulcast.sdp", []ids{
			{extMID: 4, extLevel: 1, extCongestion: 3},
			{extMID: 4, extRID: 10, extRepairedRID: 11, extCongestion: 3},
			{extMID: 4, extDescriptor: 12, extCongestion: 3},
			{extMID: 4, extDescriptor: 12, extCongestion: 3},
			{extMID: 4, extLevel: 1, extCongestion: 3},
		}},
		{"firefox-simulcast.sdp", []ids{ // sends descriptors, takes none
			{extMID: 3, extLevel: 1, extCongestion: 7},
			{extMID: 3, extRID: 9, extRepairedRID: 10, extCongestion: 7},
			{extMID: 3, extDescriptor: 8, extCongestion: 7},
			{extMID: 3, extCongestion: 7},
			{extMID: 3, extLevel: 1, extCongestion: 7},
		}},
	} {
		o := mustParse(t, load(t, test.offer))
		for i := range o.sections {
			if got := o.sections[i].ids(); !same(got, test.want[i]) {
				t.Errorf("%s: section %d has %v, want %v", test.offer, i, got, test.want[i])
			}
		}
	}
}

func TestExtensionsWithADirection(t *testing.T) {
	mid := extensionURIs[extMID]
	for _, test := range []struct{ dir, extmap, want string }{
		{"sendonly", "4 " + mid, "a=extmap:4 " + mid},
		{"sendonly", "4/sendonly " + mid, "a=extmap:4/recvonly " + mid},
		{"recvonly", "4/recvonly " + mid + " x", "a=extmap:4/sendonly " + mid},
		{"recvonly", "4/sendrecv " + mid, "a=extmap:4/sendrecv " + mid},
		{"recvonly", "4/sendonly " + mid, ""},
		{"sendonly", "4/inactive " + mid, ""},
		{"sendonly", "4/sideways " + mid, ""},
		{"sendonly", "15 " + mid, ""},
		{"sendonly", "0 " + mid, ""},
		{"sendonly", "x", ""},
	} {
		answer := answerTo(t, offered("video", test.dir, "96", "rtpmap:96 VP8/90000", "extmap:"+test.extmap))
		if test.want == "" && strings.Contains(answer, "extmap:") || !strings.Contains(answer, test.want) {
			t.Errorf("%s in a section that is %s:\n%s", test.extmap, test.dir, answer)
		}
	}
}

func TestExtensionsOfABundleAgree(t *testing.T) {
	before := with(map[extension]uint8{extMID: 4, extLevel: 1})
	for _, test := range []struct {
		name       string
		next, want map[extension]uint8
	}{
		{"the same", map[extension]uint8{extMID: 4}, map[extension]uint8{extMID: 4}},
		{"more", map[extension]uint8{extMID: 4, extCongestion: 3}, map[extension]uint8{extMID: 4, extCongestion: 3}},
		{"another id", map[extension]uint8{extMID: 5}, nil},
		{"an id for another", map[extension]uint8{extMID: 4, extCongestion: 1}, map[extension]uint8{extMID: 4}},
	} {
		all, s := before, section{ext: with(test.next)}
		s.ext.agree(&all)
		if got := s.ids(); !same(got, test.want) {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}

func FuzzExtmap(f *testing.F) {
	f.Add("4/sendonly " + extensionURIs[extMID])
	f.Add("8 " + extensionURIs[extDescriptor] + " x")
	f.Fuzz(func(t *testing.T, v string) {
		var e extensions
		e.parse(v)
		for _, x := range e {
			if x.id > 14 || x.id == 0 && x != (extmap{}) {
				t.Fatalf("%q is %+v", v, x)
			}
		}
	})
}
