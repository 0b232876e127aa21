package wire

import "testing"

func TestLayersOfSeveral(t *testing.T) {
	for _, c := range []struct{ a, b, want Layers }{
		{Layers{0, 2}, Layers{1, 0}, Layers{1, 2}},
		{NoLayers, Layers{0, 0}, Layers{0, 0}},
		{NoLayers, NoLayers, NoLayers},
		{Layers{-1, 3}, Layers{0, 1}, Layers{0, 1}}, // nothing of a spatial layer is nothing
		{Layers{2, -5}, NoLayers, NoLayers},
		{Layers{2, 1}, AllLayers, AllLayers},
	} {
		if got, back := c.a.Max(c.b), c.b.Max(c.a); got != c.want || back != c.want {
			t.Errorf("%v and %v give %v and %v, want %v", c.a, c.b, got, back, c.want)
		}
	}
	for _, c := range []struct{ a, b, want Layers }{
		{Layers{0, 2}, Layers{1, 0}, Layers{0, 0}},
		{Layers{1, 1}, AllLayers, Layers{1, 1}},
		{NoLayers, AllLayers, NoLayers},
		{Layers{2, -1}, Layers{1, 1}, NoLayers},
	} {
		if got, back := c.a.Min(c.b), c.b.Min(c.a); got != c.want || back != c.want {
			t.Errorf("of %v and %v both let %v and %v pass, want %v", c.a, c.b, got, back, c.want)
		}
	}
	for _, l := range []Layers{{-1, 2}, {3, -128}} {
		if got, err := DecodeLayers(AppendLayers(nil, l)[frameHeader:]); got != NoLayers || err != nil {
			t.Errorf("%v became %v, %v", l, got, err)
		}
	}
}
