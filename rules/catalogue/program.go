package catalogue

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/calendar"
)

var localeForm = regexp.MustCompile(`^[a-z]{2,3}(-[A-Z]{2})?$`)

// Program is the configuration of one brand's service (C8): names, languages,
// sender, subjects, windows and thresholds. Days are calendar days (C1).
type Program struct {
	ID   string `json:"id" doc:"Id of the program"`
	Name string `json:"name" doc:"Name of the program, as people see it"`
	// the first is the fallback
	Locales       []string          `json:"locales" doc:"Languages of mails and pages, as BCP 47; the first is used where a person's is not among them"`
	SenderName    string            `json:"sender_name" doc:"Display name in the From of every mail"`
	SenderNames   map[string]string `json:"sender_names,omitempty" doc:"Display name in the From, by language, where it differs"`
	SenderAddress string            `json:"sender_address" doc:"Address in the From of every mail"`
	Mailbox       string            `json:"mailbox" doc:"Address that people write to"`
	InviteDays    int               `json:"invite_days" doc:"Days that an invitation can be accepted, from its issue"`
	// after the issue, ascending
	InviteReminderDays []int `json:"invite_reminder_days" nullable:"false" doc:"Days after the issue on which the invited person is reminded, ascending"`
	// left for a pending one to be kept (S15)
	InviteKeepDays     int   `json:"invite_keep_days" doc:"Days that a pending invitation must have left to be kept when a further order comes for the account"`
	CancelDays         int   `json:"cancel_days" doc:"Days from the purchase in which an order can be canceled"`
	StartFallbackDays  int   `json:"start_fallback_days" doc:"Days after the order when a contract starts by itself, if no license was assigned before"`
	POMaxAgeDays       int   `json:"po_max_age_days" doc:"Days that a purchase may lie back when its order comes in"`
	SpareRatio         int   `json:"spare_ratio" doc:"Select licenses in force that earn one spare unit"`
	WarrantyCapYears   int   `json:"warranty_cap_years" doc:"Years from a device's purchase after which its hardware is not covered any more"`
	ReviewReminderDays []int `json:"review_reminder_days" doc:"Days after which operators are reminded of an order in review, ascending"`
	ReviewRejectDays   int   `json:"review_reject_days" doc:"Days after which an order in review is rejected by itself"`
	UserLimit          int   `json:"user_limit" doc:"How many people may have access to an account at most"`
	// before the end, descending (S5)
	RenewalDays       []int                        `json:"renewal_reminder_days" nullable:"false" doc:"Days before the end of a contract on which the customer is reminded, descending"`
	Replacement       ReplacementTerms             `json:"replacement" doc:"Windows and thresholds of replacements"`
	Subjects          map[string]map[string]string `json:"subjects" doc:"Subjects of mails: by template, then by language"`
	MenuServiceOrders map[string]string            `json:"menu_service_orders" doc:"Label of the page of service orders, by language"`
}

// DefaultProgram is the FAQ's program with its literal names (R96, R98, R119).
func DefaultProgram() Program {
	const name = "Logitech Select"
	return Program{
		ID:                 "select",
		Name:               name,
		Locales:            []string{"pt-BR", "en"},
		SenderName:         "Serviços de suporte da Logitech",
		SenderNames:        map[string]string{"en": "Logitech Support Services"},
		SenderAddress:      "Select@logitech.com",
		Mailbox:            "Select@logitech.com",
		InviteDays:         30,
		InviteReminderDays: []int{7, 21, 28},
		InviteKeepDays:     7,
		CancelDays:         30,
		StartFallbackDays:  60,
		POMaxAgeDays:       60,
		SpareRatio:         50,
		WarrantyCapYears:   5,
		ReviewReminderDays: []int{1, 3},
		ReviewRejectDays:   30,
		UserLimit:          100,
		RenewalDays:        []int{90, 60, 30, 7, 0},
		Replacement:        DefaultReplacementTerms(),
		Subjects:           rules.DefaultSubjects(name),
		MenuServiceOrders: map[string]string{
			"pt-BR": "Pedidos de serviço",
			"en":    "Service orders",
		},
	}
}

// Locale returns the wanted locale if the program has it, else the program's first.
func (p Program) Locale(wanted string) string {
	if slices.Contains(p.Locales, wanted) || len(p.Locales) == 0 {
		return wanted
	}
	return p.Locales[0]
}

// CheckLocale refuses a language that the program does not have.
func (p Program) CheckLocale(pointer, locale string) []rules.FieldError {
	if slices.Contains(p.Locales, locale) {
		return nil
	}
	return []rules.FieldError{{
		Pointer: pointer,
		Code:    rules.InvalidLocale,
		Message: "The program does not have this language.",
		Remedy:  "Send one of " + strings.Join(p.Locales, ", ") + ".",
	}}
}

// Subject returns a mail's subject in the locale, or in the program's first one. A program
// that was stored before the template existed has the default one.
func (p Program) Subject(template, locale string) string {
	locale = p.Locale(locale)
	if subject := p.Subjects[template][locale]; subject != "" {
		return subject
	}

	defaults := rules.DefaultSubjects(p.Name)[template]
	if subject := defaults[locale]; subject != "" {
		return subject
	}
	return defaults["en"]
}

// Sender returns the display name of From in the locale.
func (p Program) Sender(locale string) string {
	if name, ok := p.SenderNames[p.Locale(locale)]; ok {
		return name
	}
	return p.SenderName
}

// ServiceOrdersLabel returns the navigation label of R98 in the locale.
func (p Program) ServiceOrdersLabel(locale string) string {
	return p.MenuServiceOrders[p.Locale(locale)]
}

// Validate checks the whole program and names every error at once: texts are one
// line, addresses are valid, windows are 1 to 3650 days, and each template has a
// subject in each locale.
func (p Program) Validate() error {
	var k rules.Checker
	k.Text("/id", p.ID, 64)
	k.Text("/name", p.Name, 100)
	k.Text("/sender_name", p.SenderName, 100)
	k.Email("/sender_address", p.SenderAddress)
	k.Email("/mailbox", p.Mailbox)
	p.checkNumbers(&k)

	if len(p.Locales) == 0 {
		k.Fail("/locales",
			rules.Required, "The program has no language.", "Name at least one locale.")
	}

	for i, locale := range p.Locales {
		if !localeForm.MatchString(locale) {
			k.Fail(fmt.Sprintf("/locales/%d", i), rules.InvalidLocale, "This is not a locale.",
				"Send a locale such as pt-BR or en.")
			continue
		}

		for _, template := range rules.Templates() {
			k.Text("/subjects/"+template+"/"+locale, p.Subjects[template][locale], 200)
		}

		k.Text("/menu_service_orders/"+locale, p.MenuServiceOrders[locale], 60)
		k.Optional("/sender_names/"+locale, p.SenderNames[locale], 100)
	}

	return rules.Invalid(k.Fields)
}

func (p Program) checkNumbers(k *rules.Checker) {
	k.Between("/invite_days", p.InviteDays, 1, 3650)
	k.Between("/cancel_days", p.CancelDays, 0, 3650)
	k.Between("/start_fallback_days", p.StartFallbackDays, 0, 3650)
	k.Between("/po_max_age_days", p.POMaxAgeDays, 0, 3650)
	k.Between("/spare_ratio", p.SpareRatio, 0, 1_000_000)
	k.Between("/warranty_cap_years", p.WarrantyCapYears, 1, 50)
	k.Between("/review_reject_days", p.ReviewRejectDays, 1, 3650)
	k.Between("/user_limit", p.UserLimit, 1, 1_000_000)
	k.Ascending("/review_reminder_days", p.ReviewReminderDays, 1, p.ReviewRejectDays-1)
	k.Ascending("/invite_reminder_days", p.InviteReminderDays, 1, 3650)
	k.Between("/invite_keep_days", p.InviteKeepDays, 0, 3650)

	most := 3650
	for i, day := range p.RenewalDays {
		k.Between(fmt.Sprintf("/renewal_reminder_days/%d", i), day, 0, max(most, 0))
		most = min(most, day-1)
	}

	p.Replacement.check(k)
}

// Completed returns the program with defaults for the settings that it lacks: one that
// was written before a release added a template sends its mails with a subject, and one
// that was written before a window became configuration keeps the default one.
func (p Program) Completed() Program {
	d := DefaultProgram()
	if p.InviteReminderDays == nil {
		p.InviteReminderDays = d.InviteReminderDays
		p.InviteKeepDays = d.InviteKeepDays
	}
	if p.RenewalDays == nil {
		p.RenewalDays = d.RenewalDays
	}
	if p.Replacement.CutOff == "" {
		p.Replacement = d.Replacement
	}

	subjects := rules.DefaultSubjects(p.Name)
	for template, own := range p.Subjects {
		subjects[template] = rules.RenewedSubjects(p.Name, template, own)
	}

	p.Subjects = subjects
	return p
}

// Named returns the program under another name: the subjects become the default
// ones with that name in them (R1).
func (p Program) Named(name string) Program {
	p.Name = strings.TrimSpace(name)
	p.Subjects = rules.DefaultSubjects(p.Name)
	return p
}

// InvalidTimeOfDay is the code of a text that is no HH:MM.
const InvalidTimeOfDay = "INVALID_TIME_OF_DAY"

// ReplacementTerms are the windows and thresholds of hardware replacement (RULES 3,
// S20, S22, S25, C8). Business days are those of the ship-to.
type ReplacementTerms struct {
	CutOff             string `json:"cut_off" doc:"HH:MM by the wall clock at the ship-to; the minute itself still counts"`
	ReturnDays         int    `json:"return_days" doc:"Business days from delivery until the faulty unit is due"`
	ReturnReminderDays []int  `json:"return_reminder_days" nullable:"false" doc:"Business days after delivery on which the customer is reminded, ascending"`
	FeeConfirmDays     int    `json:"fee_confirm_days" doc:"Business days after the due day until a person may confirm the fee"`
	CarrierSilenceDays int    `json:"carrier_silence_days" doc:"Business days without a scan after which an agent is asked"`
	SerialKnownHours   int    `json:"serial_known_hours" doc:"How long a serial must have been on the account, unless there is a proof"`
	ReviewRate         int    `json:"review_rate" doc:"Replacements that are not unusual, within review_rate_days for every review_rate_devices"`
	ReviewRateDays     int    `json:"review_rate_days" doc:"Days over which replacements are counted, see review_rate"`
	ReviewRateDevices  int    `json:"review_rate_devices" doc:"Devices of the account for which review_rate counts once"`
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
