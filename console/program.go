package console

import (
	"fmt"
	"strconv"
	"strings"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/web"
)

const programPath = settingsPath + "/program"

func programRoutes() []route {
	manage := may(rules.ManageCatalogue)
	return []route{
		{method: get, path: programPath, access: may(rules.ViewProcesses), do: showProgram},
		{method: get, path: programPath + "/change", access: manage, do: changeProgram},
		{method: post, path: programPath + "/change", access: manage, do: changeProgram},
	}
}

// programSetting is a setting of the program that is changed here: a text, a number or days.
// Subjects and labels are changed over the API.
type programSetting struct {
	name   string
	text   func(*catalogue.Program) *string
	number func(*catalogue.Program) *int
	days   func(*catalogue.Program) *[]int
}

var programSettings = []programSetting{
	{name: "name", text: func(p *catalogue.Program) *string { return &p.Name }},
	{name: "sender_name", text: func(p *catalogue.Program) *string { return &p.SenderName }},
	{name: "sender_address", text: func(p *catalogue.Program) *string { return &p.SenderAddress }},
	{name: "mailbox", text: func(p *catalogue.Program) *string { return &p.Mailbox }},
	{name: "invite_days", number: func(p *catalogue.Program) *int { return &p.InviteDays }},
	{
		name: "invite_reminder_days",
		days: func(p *catalogue.Program) *[]int { return &p.InviteReminderDays },
	},
	{name: "cancel_days", number: func(p *catalogue.Program) *int { return &p.CancelDays }},
	{
		name:   "start_fallback_days",
		number: func(p *catalogue.Program) *int { return &p.StartFallbackDays },
	},
	{name: "po_max_age_days", number: func(p *catalogue.Program) *int { return &p.POMaxAgeDays }},
	{name: "spare_ratio", number: func(p *catalogue.Program) *int { return &p.SpareRatio }},
	{
		name:   "warranty_cap_years",
		number: func(p *catalogue.Program) *int { return &p.WarrantyCapYears },
	},
	{
		name:   "review_reject_days",
		number: func(p *catalogue.Program) *int { return &p.ReviewRejectDays },
	},
	{name: "user_limit", number: func(p *catalogue.Program) *int { return &p.UserLimit }},
	{
		name: "renewal_reminder_days",
		days: func(p *catalogue.Program) *[]int { return &p.RenewalDays },
	},
	{name: "cut_off", text: func(p *catalogue.Program) *string { return &p.Replacement.CutOff }},
	{
		name:   "return_days",
		number: func(p *catalogue.Program) *int { return &p.Replacement.ReturnDays },
	},
	{
		name:   "fee_confirm_days",
		number: func(p *catalogue.Program) *int { return &p.Replacement.FeeConfirmDays },
	},
	{
		name:   "carrier_silence_days",
		number: func(p *catalogue.Program) *int { return &p.Replacement.CarrierSilenceDays },
	},
	{
		name:   "serial_known_hours",
		number: func(p *catalogue.Program) *int { return &p.Replacement.SerialKnownHours },
	},
	{
		name:   "spare_recall_days",
		number: func(p *catalogue.Program) *int { return &p.Replacement.SpareRecallDays },
	},
}

// holds is what the setting is in a program, as it is typed.
func (s programSetting) holds(p catalogue.Program) string {
	switch {
	case s.text != nil:
		return *s.text(&p)
	case s.number != nil:
		return strconv.Itoa(*s.number(&p))
	}
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(*s.days(&p)), " ", ", "), "[]")
}

// set reads what was typed into the program; VALIDATION_FAILED names what is no number.
func (s programSetting) set(p *catalogue.Program, typed string) error {
	if s.text != nil {
		*s.text(p) = typed
		return nil
	}
	var numbers []int
	for _, word := range wordsOf(typed) {
		n, err := wholeNumber(web.Field{Name: s.name, Value: word})
		if err != nil {
			return err
		}
		numbers = append(numbers, n)
	}
	if s.days != nil {
		*s.days(p) = numbers
		return nil
	}
	if len(numbers) != 1 {
		_, err := wholeNumber(web.Field{Name: s.name})
		return err
	}
	*s.number(p) = numbers[0]
	return nil
}

// showProgram shows how the program calls itself, and its windows and thresholds.
func showProgram(v *visit) (answer, error) {
	ref, err := v.programs.Reference(v.ctx)
	if err != nil {
		return answer{}, err
	}
	var facts []web.Fact
	for _, s := range programSettings {
		facts = append(facts, web.Fact{
			Term:  v.language.Say("console.program." + s.name),
			Value: s.holds(ref.Program),
		})
	}
	p := sheetPage{
		Sub: v.say("console.settings.program.says"),
		Parts: []sheetPart{{
			Title: v.say("console.calendars.version", "version", ref.Version),
			Note:  v.say("console.program.note"),
			Facts: knownFacts(facts...),
		}},
	}
	if v.mayDo(rules.ManageCatalogue) {
		p.Acts = []web.ListAct{{
			Link: programPath + "/change", Label: v.say("console.program.change"), Icon: "pencil",
			Main: true,
		}}
	}
	return sheet(v.say("console.settings.program"), p), nil
}

// changeProgram changes the program's windows and thresholds, and how it calls itself.
func changeProgram(v *visit) (answer, error) {
	v.programs.ForgetReference() // the change is about what holds now
	ref, err := v.programs.Reference(v.ctx)
	if err != nil {
		return answer{}, err
	}
	v.resume(v.request.URL.Path)
	f := typedFields{v: v}
	var holds []string
	for _, s := range programSettings {
		kind := "text"
		if s.number != nil {
			kind = "number"
		}
		f.add(kind, s.name, v.language.Say("console.program."+s.name), s.holds(ref.Program), true)
		holds = append(holds, s.name, s.holds(ref.Program))
	}
	f.list = append(f.list, v.reasonField())
	next := func() (catalogue.Program, error) {
		p := ref.Program
		for _, s := range programSettings {
			if err := s.set(&p, f.value(s.name)); err != nil {
				return p, err
			}
		}
		return p, p.Completed().Validate()
	}
	return v.runEdit(edit{
		Title:  v.say("console.program.change"),
		Says:   []string{v.say("console.program.note")},
		Fields: f.list,
		Seen:   strconv.FormatInt(ref.Version, 10),
		Submit: v.say("console.settings.save"),
		Back:   programPath,
		Follows: func() ([]string, error) {
			if _, err := next(); err != nil {
				return nil, err
			}
			if err := rules.CheckReason(v.form("reason")); err != nil {
				return nil, err
			}
			return append(f.differences(holding(holds...)), v.say("console.program.will")), nil
		},
		Make: func() (string, string, error) {
			p, err := next()
			if err == nil && guarded(ref.Program, p) {
				err = v.needFresh() // S52
			}
			if err == nil {
				_, err = v.programs.ChangeProgramFor(v.acting(""), p, ref.Version, v.form("reason"))
			}
			return programPath, "console.flash.setting", err
		},
	})
}

// guarded reports whether a change needs a fresh sign-in: by whom mails are sent and where
// answers go decides who is believed, and the ratio how much hardware is given away.
func guarded(before, after catalogue.Program) bool {
	return before.SenderAddress != after.SenderAddress || before.Mailbox != after.Mailbox ||
		before.SpareRatio != after.SpareRatio
}
