package browser

import (
	"encoding/json"
	"fmt"
	"testing"
)

// chooses picks an entry of a list by its value.
func (p *Page) chooses(selector, value string) {
	p.t.Helper()
	p.shows(value+" in "+selector, fmt.Sprintf(`(s => { if (!s || ![...s.options].some(o => o.value === %[2]q)) return false;
		s.focus(); s.value = %[2]q; s.dispatchEvent(new Event("change", {bubbles: true})); return true })(document.querySelector(%[1]q))`, selector, value))
}

// settings are what a company or a room has chosen itself.
func (o *office) settings(path string) map[string]any {
	o.t.Helper()
	var got struct{ Settings map[string]any }
	if status := o.ask(o.root, "GET", path, nil, &got); status != 200 {
		o.t.Fatalf("GET %s: %d", path, status)
	}
	return got.Settings
}

// TestCompaniesChooseTheRulesOfTheirMeetings on the page of companies, for all
// rooms and for one, and take a choice back.
func TestCompaniesChooseTheRulesOfTheirMeetings(t *testing.T) {
	o := startOffice(t)
	p := New(t, "admin", Options{Width: 390, Height: 844})
	p.byKey(o.url, o.root)
	p.press("Switches")
	chosen := map[string]string{"mute_mode": "q&a", "who_shares": "moderators", "who_writes": "all", "who_raises_hands": "nobody"}
	from := func(name string) string {
		return fmt.Sprintf(`(document.querySelector("[data-setting=%s] .from")?.innerText ?? "")`, name)
	}
	for name, value := range chosen {
		p.chooses(fmt.Sprintf("[data-setting=%s] select", name), value)
		p.shows("the choice of "+name, from(name)+`.includes("Your choice")`)
	}
	p.enter("[data-setting=reminder_minutes] input", "60, 15")
	p.shows("a list that counts", `(document.activeElement.blur(), true)`)
	p.shows("the reminders", from("reminder_minutes")+`.includes("Your choice")`)
	got := o.settings("/companies/dev")
	for name, value := range chosen {
		if got[name] != value {
			t.Errorf("%s is %v, want %s", name, got[name], value)
		}
	}
	if fmt.Sprint(got["reminder_minutes"]) != "[60 15]" {
		t.Errorf("reminders %v", got["reminder_minutes"])
	}
	look(t, p, "phone", "rules", false)
	p.Click("[data-setting=mute_mode] button.link")
	p.shows("no choice", from("mute_mode")+`.includes("Default")`)

	p.press("Rooms")
	p.press("New room")
	p.opened()
	p.Type("dialog input[name=public_id]", "lecture")
	p.chooses("dialog select[name='settings.mute_mode']", "presentation")
	look(t, p, "phone", "room", false)
	p.press("Save")
	p.shows("the room", `document.querySelector("dialog") === null && document.querySelector(".row-item") !== null`)
	if got := o.settings("/companies/dev/rooms/lecture"); len(got) != 1 || got["mute_mode"] != "presentation" {
		t.Errorf("the room has %v", got)
	}
	p.press("Edit: lecture")
	p.opened()
	p.chooses("dialog select[name='settings.mute_mode']", "")
	p.press("Save")
	p.shows("no window", `document.querySelector("dialog") === null`)
	if got := o.settings("/companies/dev/rooms/lecture"); len(got) != 0 {
		t.Errorf("the room still has %v", got)
	}
}

// dot is a picture of one pixel.
const dot = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

// TestCompaniesChooseTheirLooks: a name, a logo of a file and colours, which the
// page of a meeting has at once; what cannot be is refused at its field.
func TestCompaniesChooseTheirLooks(t *testing.T) {
	o := startOffice(t)
	p := New(t, "admin", Options{Width: 1280, Height: 800})
	p.Open(o.url + "/admin/")
	p.shows("a form", `document.querySelector("main.signin form") !== null`)
	p.answers("nobody's name in the title", `document.title.includes("Meridian")`, "false")
	p.byKey(o.url, o.root)
	p.press("Looks")
	p.shows("the fields", `document.querySelector("form.looks input[name=name]") !== null`)
	p.enter("form.looks input[name=name]", "Acme Meet")
	p.enter("form.looks input[name=colour]", "red")
	p.press("Save")
	p.shows("what is wrong", `document.querySelector("form.looks [name=colour]").ariaInvalid === "true"`)
	p.Shot("looks-refused")
	p.enter("form.looks input[name=colour]", "#0a6b4d")
	p.shows("a file", fmt.Sprintf(`(input => { const bytes = Uint8Array.from(atob(%q), c => c.charCodeAt(0)); const given = new DataTransfer();
		given.items.add(new File([bytes], "logo.png", {type: "image/png"})); input.files = given.files;
		input.dispatchEvent(new Event("change", {bubbles: true})); return true })(document.querySelector("form.looks input[type=file]"))`, dot))
	p.shows("the picture", `document.querySelector(".picture img")?.naturalWidth === 1`)
	p.press("Save")
	p.shows("the company's own", `document.querySelector("form.looks .from").innerText.includes("Your choice")`)
	want := map[string]any{"name": "Acme Meet", "colour": "#0a6b4d", "logo": "data:image/png;base64," + dot}
	got, _ := json.Marshal(o.settings("/companies/dev")["branding"])
	if text, _ := json.Marshal(want); string(got) != string(text) {
		t.Errorf("the company looks like %s", got)
	}
	for size, px := range map[string][2]int{"desk": {1280, 800}, "phone": {390, 844}, "tiny": {200, 480}} {
		for _, dark := range []bool{false, true} {
			p.Resize(px[0], px[1])
			p.Scheme(dark)
			look(t, p, size, "looks", dark)
		}
	}
	guest := New(t, "guest", Options{})
	guest.Open(o.url + "/m/any")
	guest.shows("the company's name", `document.title.includes("Acme Meet") && !document.title.includes("Meridian")`)
	p.press("Take what is inherited")
	p.shows("nobody's looks", `document.querySelector("form.looks .from").innerText.includes("Default") && document.querySelector("form.looks [name=name]").value === ""`)
	if got := o.settings("/companies/dev")["branding"]; got != nil {
		t.Errorf("it still looks like %v", got)
	}
}
