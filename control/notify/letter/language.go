package letter

import (
	"fmt"
	"strings"
	"time"
)

// language is how dates are written.
type language struct {
	name     string
	untitled string
	days     [7]string // from Sunday
	months   [12]string
	pattern  string // day of week, day, month, year, hour, minute
}

var languages = map[string]language{
	"en": {
		name: "en", untitled: "Meeting",
		days:    [7]string{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"},
		months:  [12]string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"},
		pattern: "%s, %d %s %d, %02d:%02d",
	},
	"ru": {
		name: "ru", untitled: "Встреча",
		days:    [7]string{"воскресенье", "понедельник", "вторник", "среда", "четверг", "пятница", "суббота"},
		months:  [12]string{"января", "февраля", "марта", "апреля", "мая", "июня", "июля", "августа", "сентября", "октября", "ноября", "декабря"},
		pattern: "%s, %d %s %d г., %02d:%02d",
	},
}

// languageOf finds the language of a tag: ru-RU is ru, what is not known is English.
func languageOf(tag string) language {
	name, _, _ := strings.Cut(strings.ToLower(strings.ReplaceAll(tag, "_", "-")), "-")
	if l, ok := languages[name]; ok {
		return l
	}
	return languages["en"]
}

func (l language) when(t time.Time) string {
	return fmt.Sprintf(l.pattern, l.days[t.Weekday()], t.Day(), l.months[t.Month()-1], t.Year(), t.Hour(), t.Minute())
}
