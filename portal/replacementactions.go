package portal

import (
	"slices"
	"strings"
	"time"

	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/rma"
)

// replacementActions is what this person may do with a replacement now, with what
// they typed and what is wrong with it.
type replacementActions struct {
	Withdraw, Appeal bool
	Reason           string
	ReasonProblem    string // message key
	MostLength       int
	Spares           []choice // that may take the device's place
	Spare            string
	SpareProblem     string // message key
}

// replacementActions offers what the role may do in this state (RULES 4); who only
// reads is offered nothing.
func (v *visit) replacementActions(
	r replacement.RMA, typed replacementActions, now time.Time,
) (replacementActions, error) {
	offered := rma.RMACommandsFor(v.who.role(), r.RMAFacts, now)
	typed.Withdraw = slices.Contains(offered, rma.RMAWithdraw)
	typed.Appeal = slices.Contains(offered, rma.RMAAppeal)
	typed.MostLength = rules.MaxReason
	var err error
	if slices.Contains(offered, rma.RMAUseSpare) && r.DeviceID != nil {
		typed.Spares, err = v.sparesFor(r, typed.Spare)
	}
	return typed, err
}

func withdrawReplacement(v *visit) (answer, error) {
	r, err := v.replacements.DoRMA(v.acting(), v.param("id"),
		replacement.ReplacementCommand{Name: rma.RMAWithdraw})
	if err != nil {
		return answer{}, err
	}
	return v.done(replacementsPath+"/"+r.ID, "flash.replacement.withdrawn"), nil
}

// appealReplacement asks for a second decision, once.
func appealReplacement(v *visit) (answer, error) {
	typed := replacementActions{Reason: strings.ReplaceAll(v.form("reason"), "\r\n", "\n")}
	r, err := v.replacements.DoRMA(v.acting(), v.param("id"), replacement.ReplacementCommand{
		Name:   rma.RMAAppeal,
		Reason: typed.Reason,
	})
	switch rules.CodeOf(err) {
	case "":
		if err != nil {
			return answer{}, err
		}
		return v.done(replacementsPath+"/"+r.ID, "flash.replacement.appealed"), nil
	case rules.ReasonRequired:
		typed.ReasonProblem = "appeal.reason.missing"
	case rules.ValidationFailed:
		typed.ReasonProblem = "appeal.reason.long"
	case rma.RMAOpen:
		typed.ReasonProblem = "appeal.open"
	default:
		return answer{}, err
	}

	return v.actionAgain(typed)
}
