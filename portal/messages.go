package portal

import (
	"embed"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"cloud.google.com/go/civil"

	"roomcover.dev/roomcover/rules"
)

//go:embed messages/*.json
var messageFiles embed.FS

// tongue is one language of the portal: its texts and its dates.
type tongue struct {
	locale string
	texts  map[string]string
}

var tongues = readTongues("pt-BR", "en")

func readTongues(locales ...string) map[string]tongue {
	out := map[string]tongue{}
	for _, l := range locales {
		t := tongue{locale: l}
		data, err := messageFiles.ReadFile("messages/" + l + ".json")
		if err == nil {
			err = json.Unmarshal(data, &t.texts)
		}
		if err != nil {
			panic("portal: the messages of " + l + " cannot be read: " + err.Error())
		}
		out[l] = t
	}
	return out
}

// say gives a text. pairs are the names and values of its {placeholders}. An
// unknown key shows itself, which a test forbids.
func (t tongue) say(key string, pairs ...any) string {
	text, ok := t.texts[key]
	if !ok {
		return key
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		text = strings.ReplaceAll(text, fmt.Sprintf("{%v}", pairs[i]), fmt.Sprint(pairs[i+1]))
	}
	return text
}

// count gives the text for a number: key.one or key.other, with {n}.
func (t tongue) count(key string, n int64) string {
	form := ".other"
	if n == 1 {
		form = ".one"
	}
	return t.say(key+form, "n", t.number(n))
}

// number groups thousands as the language does.
func (t tongue) number(n int64) string {
	digits := strconv.FormatInt(n, 10)
	separator := t.texts["number.thousands"]
	var parts []string
	for len(digits) > 3 {
		parts = append([]string{digits[len(digits)-3:]}, parts...)
		digits = digits[:len(digits)-3]
	}
	return strings.Join(append([]string{digits}, parts...), separator)
}

// day writes a calendar date, such as "23 de novembro de 2026"; the first of a
// month is an ordinal in Portuguese. A line may end before the year only.
func (t tongue) day(d civil.Date) string {
	day := strconv.Itoa(d.Day)
	if d.Day == 1 {
		day = t.say("date.first")
	}
	months := strings.Split(t.texts["date.months"], "|")
	return t.say("date.form", "day", day, "month", months[(int(d.Month)-1)%len(months)], "year", d.Year)
}

// dayIn writes the day that a zone shows at an instant; moment adds the time.
func (t tongue) dayIn(at time.Time, zone string) string {
	return t.day(rules.DateIn(at, location(zone)))
}

func (t tongue) moment(at time.Time, zone string) string {
	return t.say("date.moment", "day", t.dayIn(at, zone), "time", at.In(location(zone)).Format("15:04"))
}

func location(zone string) *time.Location {
	loc, err := time.LoadLocation(zone)
	if err != nil {
		return time.UTC
	}
	return loc
}
