package state

import (
	"reflect"
	"strings"
	"time"
)

// Settings are choices that each level may make for those below it: platform, reseller, company, user, room. What
// a level leaves out is had from the one above.
type Settings struct {
	OpenRooms           *bool     `json:"open_rooms,omitempty" doc:"Rooms that nobody configured come into being by being entered."`
	JWTMandatory        *bool     `json:"jwt_mandatory,omitempty" doc:"No entry without a token, open rooms or not."`
	DebugAttributes     *bool     `json:"debug_attributes,omitempty" doc:"Webhook addresses may be given in links, for trying out."`
	EmailEntryOTP       *bool     `json:"email_entry_otp,omitempty" doc:"Entry by e-mail address needs a code sent to it."`
	GuestStartRecording *bool     `json:"guest_start_recording,omitempty" doc:"A guest's link may start a recording."`
	WebhookFailOpen     *bool     `json:"webhook_fail_open,omitempty" doc:"People get in while the company's own server does not answer."`
	VideoSignedOnly     *bool     `json:"video_signed_only,omitempty" doc:"A video for all is taken from signed data only."`
	Lobby               *bool     `json:"lobby,omitempty" doc:"A moderator admits everybody."`
	ViewersWrite        *bool     `json:"viewers_write,omitempty" doc:"Viewers of a webinar may write in the chat and raise their hands."`
	MuteMode            *string   `json:"mute_mode,omitempty" enum:"conversation,q&a,presentation" doc:"Who comes in speaks, comes in muted, or cannot unmute without being a moderator; until a moderator changes it."`
	WhoShares           *string   `json:"who_shares,omitempty" enum:"speakers,moderators,nobody" doc:"Who may share a screen, until a moderator changes it."`
	WhoWrites           *string   `json:"who_writes,omitempty" enum:"all,speakers,moderators,nobody" doc:"Who may write in the chat, until a moderator changes it; comes before viewers_write."`
	WhoRaisesHands      *string   `json:"who_raises_hands,omitempty" enum:"all,speakers,moderators,nobody" doc:"Who may raise a hand and react, until a moderator changes it; comes before viewers_write."`
	RecordingConsent    *bool     `json:"recording_consent,omitempty" doc:"Who declines to be recorded is not admitted."`
	EndOnExpiry         *bool     `json:"end_on_expiry,omitempty" doc:"A token's end also ends the presence of who came in with it."`
	HiddenControls      *[]string `json:"hidden_controls,omitempty" maxItems:"32" doc:"Controls that the page does not show."`
	DefaultView         *string   `json:"default_view,omitempty" enum:"gallery,bottom-speaker,left-side-speaker" doc:"How the page begins."`
	PhotoSource         *string   `json:"photo_source,omitempty" enum:"custom,gravatar,initials" doc:"Where photos come from, the first that has one: chosen, then Gravatar, then initials; Gravatar alone; initials alone. Absent = custom."`
	KeyAndCaller        *bool     `json:"key_and_caller,omitempty" doc:"A program that asks about live rooms needs an API key and an address among the company's callers; otherwise either is enough."`
	Locale              *string   `json:"locale,omitempty" maxLength:"35" doc:"Language of pages and messages (BCP 47)." example:"en"`
	Branding            *Branding `json:"branding,omitempty"`
	RecordingDays       *int      `json:"recording_days,omitempty" minimum:"0" maximum:"36500" doc:"How long recordings are kept; 0 = for ever."`
	HistoryDays         *int      `json:"history_days,omitempty" minimum:"0" maximum:"36500" doc:"How long sessions and chats of a company are kept; 0 = for ever."`
	ChatDays            *int      `json:"chat_days,omitempty" minimum:"0" maximum:"36500" doc:"How long a company's chats are kept, where that is shorter; 0 = as long as sessions."`
	AuditDays           *int      `json:"audit_days,omitempty" minimum:"0" maximum:"36500" doc:"How long a company's audit events are kept; 0 = for ever."`
	SessionGraceSeconds *int      `json:"session_grace_seconds,omitempty" minimum:"0" maximum:"3600" doc:"How long an empty room's session lives on."`
	MaxFeedAgeSeconds   *int      `json:"max_feed_age_seconds,omitempty" minimum:"5" maximum:"31536000" doc:"A node whose copy of keys is older admits nobody by them."`
	ReminderMinutes     *[]int    `json:"reminder_minutes,omitempty" maxItems:"5" doc:"How long before a meeting people are reminded of it, each 1 to 10080 minutes; absent or empty = never." example:"[15]"`
	SMSReminders        *bool     `json:"sms_reminders,omitempty" doc:"Reminders also go to telephone numbers, where the platform has an SMS gateway."`
	BitrateCap          *int      `json:"bitrate_cap,omitempty" minimum:"0" maximum:"100000000" doc:"What each participant may send, in bit/s; 0 = no bound."`
}

// Branding is how pages look.
type Branding struct {
	Name       string `json:"name,omitempty" maxLength:"80" doc:"Shown instead of ours."`
	Logo       string `json:"logo,omitempty" maxLength:"16384" doc:"https URL of a picture of at most 2048 bytes, or the picture itself as data:image/…;base64."`
	Link       string `json:"link,omitempty" maxLength:"2048" doc:"https URL behind the logo."`
	Background string `json:"background,omitempty" maxLength:"16384" doc:"A picture as for logo, or a colour #rrggbb."`
	Colour     string `json:"colour,omitempty" pattern:"^#[0-9a-fA-F]{6}$" doc:"Of buttons: #rrggbb."`
}

// Merge gives, field by field, the value of the last level that has one.
func Merge(levels ...Settings) Settings {
	var out Settings
	to := reflect.ValueOf(&out).Elem()
	for _, level := range levels {
		from := reflect.ValueOf(level)
		for i := range from.NumField() {
			if f := from.Field(i); !f.IsNil() {
				to.Field(i).Set(f)
			}
		}
	}
	return out
}

// Settings gives what holds for a room of a company: platform, reseller, company, the room's user, the room. The
// room may be zero.
func (v *View) Settings(c Company, r Room) Settings {
	reseller, _ := Get[Reseller](v, c.Reseller)
	return Merge(v.Platform().Settings, reseller.Settings, c.Settings, r.UserSettings, r.Settings)
}

// On is the value of a switch, false where no level has set it.
func On(b *bool) bool { return b != nil && *b }

func (s *Settings) check(field string) error {
	if s.HiddenControls != nil {
		for _, c := range *s.HiddenControls {
			if err := checkID(field+".hidden_controls", c); err != nil {
				return err
			}
		}
	}
	if err := checkReminders(field+".reminder_minutes", s.ReminderMinutes); err != nil {
		return err
	}
	days := map[string]*int{"recording_days": s.RecordingDays, "history_days": s.HistoryDays, "chat_days": s.ChatDays, "audit_days": s.AuditDays}
	for _, name := range sorted(days) {
		if n := days[name]; n != nil && (*n < 0 || *n > 36500) {
			return invalid(field+"."+name, "must be between 0 and 36500")
		}
	}
	if s.SessionGraceSeconds != nil && (*s.SessionGraceSeconds < 0 || *s.SessionGraceSeconds > 3600) {
		return invalid(field+".session_grace_seconds", "must be between 0 and 3600")
	}
	if s.MaxFeedAgeSeconds != nil && (*s.MaxFeedAgeSeconds < 5 || *s.MaxFeedAgeSeconds > 31536000) {
		return invalid(field+".max_feed_age_seconds", "must be between 5 and 31536000")
	}
	if s.BitrateCap != nil {
		if err := checkBitrate(field+".bitrate_cap", *s.BitrateCap); err != nil {
			return err
		}
	}
	if s.Locale != nil {
		if err := checkLocale(field+".locale", *s.Locale); err != nil {
			return err
		}
	}
	if err := checkOneOf(field+".default_view", s.DefaultView, "gallery", "bottom-speaker", "left-side-speaker"); err != nil {
		return err
	}
	if err := checkOneOf(field+".photo_source", s.PhotoSource, "custom", "gravatar", "initials"); err != nil {
		return err
	}
	if err := s.checkRules(field); err != nil {
		return err
	}
	return s.Branding.check(field + ".branding")
}

// checkRules checks what holds in rooms at first.
func (s *Settings) checkRules(field string) error {
	if err := checkOneOf(field+".mute_mode", s.MuteMode, "conversation", "q&a", "presentation"); err != nil {
		return err
	}
	if err := checkOneOf(field+".who_shares", s.WhoShares, "speakers", "moderators", "nobody"); err != nil {
		return err
	}
	if err := checkOneOf(field+".who_writes", s.WhoWrites, audiences...); err != nil {
		return err
	}
	return checkOneOf(field+".who_raises_hands", s.WhoRaisesHands, audiences...)
}

var audiences = []string{"all", "speakers", "moderators", "nobody"}

// MaxReminder is how long before a meeting somebody can be reminded at most: a week.
const MaxReminder = 7 * 24 * time.Hour

func checkReminders(field string, minutes *[]int) error {
	if minutes == nil {
		return nil
	}
	if len(*minutes) > 5 {
		return invalid(field, "must have at most 5 entries")
	}
	for _, n := range *minutes {
		if n < 1 || n > int(MaxReminder/time.Minute) {
			return invalid(field, "must be between 1 and 10080")
		}
	}
	return nil
}

func (b *Branding) check(field string) error {
	if b == nil {
		return nil
	}
	if err := checkName(field+".name", b.Name, false); err != nil {
		return err
	}
	if strings.HasPrefix(b.Background, "#") {
		if err := checkColour(field+".background", b.Background); err != nil {
			return err
		}
	} else if err := checkPicture(field+".background", b.Background); err != nil {
		return err
	}
	if err := checkPicture(field+".logo", b.Logo); err != nil {
		return err
	}
	if b.Link != "" {
		if err := checkHTTPS(field+".link", b.Link); err != nil {
			return err
		}
	}
	if b.Colour != "" {
		return checkColour(field+".colour", b.Colour)
	}
	return nil
}
