package catalogue

import (
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/calendar"
)

// InvalidTimeOfDay is the code of a text that is no HH:MM.
const InvalidTimeOfDay = "INVALID_TIME_OF_DAY"

// ReplacementTerms are the windows and thresholds of hardware replacement (RULES 3,
// S20, S22, S25, C8). Business days are those of the ship-to.
type ReplacementTerms struct {
	CutOff             string `json:"cut_off" doc:"HH:MM by the wall clock at the ship-to; the minute itself still counts"`
	ReturnDays         int    `json:"return_days" doc:"Business days from delivery until the faulty unit is due"`
	ReturnReminderDays []int  `json:"return_reminder_days" nullable:"false" doc:"Business days after delivery, ascending"`
	FeeConfirmDays     int    `json:"fee_confirm_days" doc:"Business days after the due day until a person may confirm the fee"`
	CarrierSilenceDays int    `json:"carrier_silence_days" doc:"Business days without a scan after which an agent is asked"`
	SerialKnownHours   int    `json:"serial_known_hours" doc:"How long a serial must have been on the account, unless there is a proof"`
	ReviewRate         int    `json:"review_rate" doc:"Replacements that are not unusual, within review_rate_days for every review_rate_devices"`
	ReviewRateDays     int    `json:"review_rate_days"`
	ReviewRateDevices  int    `json:"review_rate_devices"`
	SpareRecallDays    int    `json:"spare_recall_days" doc:"Days to send a recalled spare back"`
}

// DefaultReplacementTerms are those of RULES 3 and RULES 6.
func DefaultReplacementTerms() ReplacementTerms {
	return ReplacementTerms{
		CutOff:             "15:00",
		ReturnDays:         10,
		ReturnReminderDays: []int{3, 7, 10},
		FeeConfirmDays:     5,
		CarrierSilenceDays: 3,
		SerialKnownHours:   24,
		ReviewRate:         3,
		ReviewRateDays:     30,
		ReviewRateDevices:  50,
		SpareRecallDays:    30,
	}
}

// Window is how long a faulty unit may take to come back.
func (t ReplacementTerms) Window() calendar.ReturnWindow {
	return calendar.ReturnWindow{
		Days:       t.ReturnDays,
		Reminders:  t.ReturnReminderDays,
		FeeConfirm: t.FeeConfirmDays,
	}
}

func (t ReplacementTerms) check(k *rules.Checker) {
	if _, ok := calendar.MinuteOfDay(t.CutOff); !ok {
		k.Fail("/replacement/cut_off",
			InvalidTimeOfDay, "This is not a time of day.", "Send it as HH:MM, such as 15:00.")
	}

	k.Between("/replacement/return_days", t.ReturnDays, 1, 365)
	k.Ascending("/replacement/return_reminder_days", t.ReturnReminderDays, 1, max(t.ReturnDays, 1))
	k.Between("/replacement/fee_confirm_days", t.FeeConfirmDays, 0, 365)
	k.Between("/replacement/carrier_silence_days", t.CarrierSilenceDays, 1, 365)
	k.Between("/replacement/serial_known_hours", t.SerialKnownHours, 0, 8760)
	k.Between("/replacement/review_rate", t.ReviewRate, 0, 1_000_000)
	k.Between("/replacement/review_rate_days", t.ReviewRateDays, 1, 365)
	k.Between("/replacement/review_rate_devices", t.ReviewRateDevices, 1, 1_000_000)
	k.Between("/replacement/spare_recall_days", t.SpareRecallDays, 1, 3650)
}
