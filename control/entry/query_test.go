package entry

import (
	"net/url"
	"reflect"
	"testing"
)

func TestReadURLOfEverySource(t *testing.T) {
	for _, c := range []struct {
		name   string
		source Source
		query  string
		want   Attributes
	}{
		{"CB sample", Callbridge, "name=Steve+Irwin&skip_join=true&observer=true&view=bottom_speaker&strip_layout=true",
			Attributes{DisplayName: "Steve Irwin", SkipJoin: "true", Observer: "true", Layout: "bottom_speaker", StripLayout: "true"}},
		{"CB-A62 broken lines and a quote", Callbridge, "%0A+name=Steve&%0Askip_join=true%E2%80%9D&mute=camera,+mic+",
			Attributes{DisplayName: "Steve", SkipJoin: "true", MicOff: "true", CameraOff: "true"}},
		{"CB-A37 one", Callbridge, "mute=mic", Attributes{MicOff: "true"}},
		{"CB unknown", Callbridge, "mute=all&roomId=x&peerId=y&role=moderator&displayName=z&Name=N&nameScreenDisabled", Attributes{}},
		{"IM sample", ImMail, "first_name=Ana&last_name=Diaz&start_recording=true&startWithAudioMuted=false&startWithVideoMuted=true&fileRecordingsEnabled=false&HIDE_INVITE_MORE_HEADER=true&jwt=x",
			Attributes{DisplayName: "Ana Diaz", StartRecording: "true", MicOff: "false", CameraOff: "true", RecordingEnabled: "false", HideInvite: "true"}},
		{"IM one name", ImMail, "last_name=Diaz", Attributes{DisplayName: "Diaz"}},
		{"IM no name", ImMail, "first_name=&last_name=+", Attributes{}},
		{"IM-A07", ImMail, "moderator=true&role=moderator&hide_invite_more_header=true&startRecording=true&displayName=x", Attributes{}},
		{"MB", MeetBit, "token=x&name=y&displayName=z&role=owner&peerId=1", Attributes{}},
		{"NM", NanoMeet, "token=x&moderator=true&roomId=r&exp=9999999999", Attributes{}},
		{"GC debug", GCore, "roomId=a&accessToken=t&apiEvent=https://x/&startRecording=true",
			Attributes{RoomID: "a", AccessToken: "t", APIEvent: "https://x/"}},
		{"native, by our own names", Native, "displayName=Ann&micOff=false&mute=mic&hideControls=chat,share&leaveUrl=/bye&layout=strip&view=gallery&name=Bea",
			Attributes{DisplayName: "Ann", MicOff: "false", HideControls: "chat,share", LeaveURL: "/bye", Layout: "strip"}},
		{"native, by partners' names", Native, "first_name=Ana&last_name=Diaz&mute=camera&skip_join&view=bottom_speaker&strip_layout=1&after_call_url=/a&HIDE_INVITE_MORE_HEADER=true&disbleChat=true",
			Attributes{DisplayName: "Ana Diaz", CameraOff: "true", NameScreenDisabled: "", Layout: "bottom_speaker", StripLayout: "1", LeaveURL: "/a", HideInvite: "true", DisableChat: "true"}},
		{"native, out of a broken line", Native, "%0A+lang=ru%E2%80%9D", Attributes{Lang: "ru"}},
		{"unknown source", "skype", "roomId=a", Attributes{}},
	} {
		q, err := url.ParseQuery(c.query)
		if err != nil {
			t.Fatal(c.name, err)
		}
		if got := ReadURL(c.source, q); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func FuzzReadURL(f *testing.F) {
	f.Add("name=Steve+Irwin&mute=mic,camera&skip_join=true%E2%80%9D", uint8(3))
	f.Add("first_name=Ana&last_name=Diaz&start_recording", uint8(4))
	f.Add("roomId=a&peerID=b&disbleChat&token=x", uint8(1))
	f.Fuzz(func(t *testing.T, query string, n uint8) {
		q, _ := url.ParseQuery(query)
		s := allSources[int(n)%len(allSources)]
		got := ReadURL(s, q)
		for name := range got {
			rule, known := sources[s].origins[name]
			if !known {
				t.Fatalf("%s has read %s, which it has not", s, name)
			}
			if !sources[s].ownNames && rule == signedOnly {
				t.Fatalf("%s has read %s, which has to be signed", s, name)
			}
		}
		if again := ReadURL(s, q); !reflect.DeepEqual(got, again) {
			t.Fatalf("read once %q, once %q", got, again)
		}
	})
}
