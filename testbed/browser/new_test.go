package browser

import (
	"testing"

	"github.com/meridian-video/meridian/testbed/cluster"
)

// TestNewMakesARoom: one click makes a link to a room that nobody has used, its
// button enters it, and another browser with the link meets the first. Where the
// company opens no rooms the page says so instead.
// Covers GC-A02, GC-A10.
func TestNewMakesARoom(t *testing.T) {
	c := cluster.Start(t, "fra", "iad")
	of := "/companies/" + c.Company
	c.Call("PATCH", of, map[string]any{"settings": map[string]any{"open_rooms": true}}, nil)
	c.WaitKnown()
	ann := New(t, "ann", Options{Scripts: []string{bare}})
	ann.Open(c.Edges["fra"].URL + "/new")
	ann.press("Create conference")
	ann.shows("the link", `document.querySelector(".new .fact")?.innerText.includes("/call/?roomId=")`)
	link, err := Eval[string](ann, `document.querySelector(".new .fact").innerText`)
	if err != nil {
		t.Fatal(err)
	}
	ann.press("Join")
	ann.shows("the page before the room", `document.querySelector("#name") !== null`)
	ann.Type("#name", "Ann\r")
	ann.isIn()
	bo := New(t, "bo", Options{Scripts: []string{bare}})
	bo.Open(link + "&displayName=Bo&nameScreenDisabled=true&role=moderator&canRecord=true&waitingRoom=true")
	bo.isIn()
	ann.shows("Bo", `meridian.state().people.some(p => p.name === "Bo" && p.role === "regular")`)

	c.Call("PATCH", of, map[string]any{"settings": map[string]any{"open_rooms": false}}, nil)
	c.WaitKnown()
	eve := New(t, "eve", Options{Scripts: []string{bare}})
	eve.Open(c.Edges["fra"].URL + "/new")
	eve.press("Create conference")
	eve.shows("why not", `meridian.state().phase === "refused"`)
}
