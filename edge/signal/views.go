package signal

import "fmt"

// maxPixels bounds the sides of a view, in device pixels: 8K.
const maxPixels = 8192

// Priority says how much a viewer wants a slot, most wanted first.
type Priority string

// The priorities of a view.
const (
	ForShare   Priority = "share"
	ForPinned  Priority = "pinned"
	ForSpeaker Priority = "speaker"
	ForOther   Priority = "other"
)

// View is what a video slot is shown as.
type View struct {
	// Width and Height are in device pixels, 0 to 8192.
	Width    int      `json:"width"`
	Height   int      `json:"height"`
	Priority Priority `json:"priority"`
	// Visible is false while nobody can see the picture: the page is hidden or
	// the tile has no place on the stage.
	Visible bool `json:"visible"`
}

// checkViews says what is wrong with the views of a client, naming the field.
func checkViews(views []*View) error {
	for i, v := range views {
		if v == nil {
			continue
		}
		if err := v.check(); err != nil {
			return fmt.Errorf("%w: video[%d].%w", errBadMessage, i, err)
		}
	}
	return nil
}

func (v *View) check() error {
	switch v.Priority {
	case ForShare, ForPinned, ForSpeaker, ForOther:
	default:
		return fmt.Errorf("priority: %q is not known", clip(string(v.Priority)))
	}
	if v.Width < 0 || v.Width > maxPixels {
		return fmt.Errorf("width: %d is not within 0 and %d", v.Width, maxPixels)
	}
	if v.Height < 0 || v.Height > maxPixels {
		return fmt.Errorf("height: %d is not within 0 and %d", v.Height, maxPixels)
	}
	return nil
}
