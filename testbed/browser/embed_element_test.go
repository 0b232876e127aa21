package browser

import "testing"

const elementPage = `HEARING<div id=a></div><div id=b></div><script>
const el = document.createElement("meridian-meeting");
el.style.height = "500px";
for (const e of events) el.addEventListener(e, ({detail}) => note(e, detail));
const later = f => new Promise(done => setTimeout(() => done(f())));
</script>`

// TestTheMeetingElement: a meeting written as HTML follows its attributes and
// its place in the document.
func TestTheMeetingElement(t *testing.T) {
	t.Parallel()
	s := newSites(t, "fra")
	s.serve("/", elementPage, nil)
	s.serve("/parsed", `<meridian-meeting url="MEET/m/shop" display-name="Eve" title="Shop" style="height:500px"></meridian-meeting>HEARING`, nil)
	page := New(t, "element", Options{Sites: s.pin})
	page.Open(s.partner + "/")

	page.answers("is nothing without an address", `(a.append(el), later(() => [el.meeting, el.children.length]))`, `[null,0]`)
	page.answers("shows one frame for several attributes", `(el.setAttribute("url", "MEET/m/shop".replace("MEET", "`+s.meet+`")), el.setAttribute("display-name", "Ada"), el.setAttribute("lang", "ru"),
		later(() => [el.querySelectorAll("iframe").length, ...new URL(el.meeting.frame.src).searchParams.values()]))`, `[1,"Ada","ru"]`)
	page.answers("joins", `el.meeting.join().then(s => s.name, e => e.code)`, `"Ada"`)
	page.told("ready joined")

	page.answers("keeps the call when only its title changes", `(window.was = el.meeting, el.title = "Our shop", later(() => [el.meeting === was, el.meeting.frame.title]))`, `[true,"Our shop"]`)
	page.answers("is another meeting with another name", `(el.setAttribute("display-name", "Bea"), later(() => [el.meeting !== was, el.querySelectorAll("iframe").length]))`, `[true,1]`)
	page.answers("joins as Bea", `el.meeting.join().then(s => s.name + s.participants.filter(p => p.name === "Bea").length, e => e.code)`, `"Bea1"`)

	page.answers("is destroyed out of the document", `(window.was = el.meeting, el.remove(), was.state().then(() => "there", e => e.code))`, `"destroyed"`)
	page.answers("holds nothing there", `[el.meeting, el.children.length]`, `[null,0]`)
	page.answers("comes back elsewhere", `(b.append(el), el.meeting.join().then(s => s.phase, e => e.code))`, `"live"`)
	page.answers("and moves at once", `(a.append(el), [el.querySelectorAll("iframe").length, el.meeting.frame.isConnected])`, `[1,true]`)
	page.answers("goes with its address", `(el.removeAttribute("url"), later(() => [el.meeting, el.children.length]))`, `[null,0]`)
	page.answers("and is told only of what it was in", `told.filter(e => e.startsWith("error")).length`, `0`)

	page.Open(s.partner + "/parsed")
	page.answers("is made of HTML", `document.querySelector("meridian-meeting").meeting.join().then(s => s.name, e => e.code)`, `"Eve"`)
	page.answers("with one frame", `[document.querySelectorAll("iframe").length, document.querySelector("iframe").title]`, `[1,"Shop"]`)
}
