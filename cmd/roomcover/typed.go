package main

import (
	"reflect"
	"strings"
	"time"

	"cloud.google.com/go/civil"
	"github.com/alecthomas/kong"

	"roomcover.dev/roomcover/messages"
)

// People type a choice, a language and a moment in more ways than one; here they come into the
// form that the program knows. What is none of that is left as it was typed, to be refused.

// choices takes the values of an enum in any case, and with hyphens for underscores.
func choices() kong.Option {
	return kong.KindMapper(reflect.String, kong.MapperFunc(
		func(ctx *kong.DecodeContext, target reflect.Value) error {
			var said string
			if err := ctx.Scan.PopValueInto("string", &said); err != nil {
				return err
			}

			if ctx.Value.Enum != "" {
				said = choice(said, ctx.Value.EnumSlice())
			}
			target.SetString(said)
			return nil
		},
	))
}

func choice(said string, all []string) string {
	flat := strings.NewReplacer("-", "_")
	for _, one := range all {
		same := flat.Replace(said)
		if strings.EqualFold(flat.Replace(one), same) || one != "" && coded(same) == coded(one) {
			return one
		}
	}
	return said
}

// languageOf is the language that was said: EN and en-US are en, pt and pt_br are pt-BR.
func languageOf(said string) string {
	known := choice(said, messages.Locales())
	base, _, _ := strings.Cut(strings.ReplaceAll(strings.ToLower(said), "_", "-"), "-")
	for _, locale := range messages.Locales() {
		of, _, _ := strings.Cut(locale, "-")
		if known == said && (locale == base || strings.EqualFold(of, said)) {
			return locale
		}
	}
	return known
}

// momentOf is the instant, the day (from its beginning, UTC) or the time ago that was said.
func momentOf(said string, now time.Time) (time.Time, bool) {
	if at, err := time.Parse(time.RFC3339, said); err == nil {
		return at, true
	}
	if day, err := civil.ParseDate(said); err == nil {
		return day.In(time.UTC), true
	}
	if ago, err := time.ParseDuration(said); err == nil && ago > 0 {
		return now.Add(-ago), true
	}
	return time.Time{}, false
}
