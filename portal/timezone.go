package portal

import (
	"fmt"
	"net/http"
	"slices"
	"time"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/rules"
)

const timeZonePath = "/account/time-zone"

// timeZoneForm moves the account to another time zone, with what was chosen and typed and
// what is wrong with it.
type timeZoneForm struct {
	Now                        string // the zone at hand, and the time in it
	Near, Far                  []choice
	Reason                     string
	ZoneProblem, ReasonProblem string // message keys
	MostLength                 int
}

// typedTimeZone is the form as it is: with the account's own zone, or what was chosen.
func (v *visit) typedTimeZone(chosen, reason string) timeZoneForm {
	acc := v.who.account()
	now := v.db.Clock().Now()
	f := timeZoneForm{
		Now: v.say("timezone.now", "zone", v.zoneLabel(acc.TimeZone, now),
			"moment", v.moment(now, acc.TimeZone)),
		Reason:     reason,
		MostLength: rules.MaxReason,
	}

	near := rules.TimeZones(acc.Country)
	if !slices.Contains(near, acc.TimeZone) {
		near = append([]string{acc.TimeZone}, near...)
	}
	for _, zone := range near {
		f.Near = append(f.Near, choice{zone, v.zoneLabel(zone, now), zone == chosen})
	}
	for _, zone := range rules.TimeZones("") {
		if !slices.Contains(near, zone) {
			f.Far = append(f.Far, choice{zone, v.zoneLabel(zone, now), zone == chosen})
		}
	}

	sortChoices(f.Near)
	sortChoices(f.Far)
	return f
}

// zoneLabel names a zone by its city and by how far it is from UTC now.
func (v *visit) zoneLabel(zone string, now time.Time) string {
	_, offset := now.In(location(zone)).Zone()
	return fmt.Sprintf("%s (UTC%+03d:%02d)",
		v.language.City(zone), offset/3600, max(offset, -offset)/60%60)
}

// changeTimeZone moves the account to another zone, with a reason. What comes follows it;
// what was promised stays.
func changeTimeZone(v *visit) (answer, error) {
	zone, reason := v.form("zone"), v.form("reason")
	f := v.typedTimeZone(zone, reason)

	known := append(f.Near, f.Far...)
	if !slices.ContainsFunc(known, func(c choice) bool { return c.Selected }) {
		f.ZoneProblem = "timezone.choose"
	}
	switch rules.CodeOf(rules.CheckReason(reason)) {
	case rules.ReasonRequired:
		f.ReasonProblem = "timezone.reason.missing"
	case rules.ValidationFailed:
		f.ReasonProblem = "timezone.reason.long"
	}
	if f.ZoneProblem != "" || f.ReasonProblem != "" {
		a, err := v.accountPage(f)
		a.status = http.StatusUnprocessableEntity
		return a, err
	}

	_, err := v.accounts.ChangeTimeZone(v.acting(), account.TimeZoneChange{
		AccountID: v.who.account().ID,
		TimeZone:  zone,
		Reason:    reason,
	})
	if err != nil {
		return answer{}, err
	}
	return v.done("/account", "flash.timezone"), nil
}
