package portal

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"roomcover.dev/roomcover/models"
	"roomcover.dev/roomcover/rules"
)

// replacementActions is what this person may do with a replacement now, with what
// they typed and what is wrong with it.
type replacementActions struct {
	Withdraw, Appeal bool
	Reason           string
	ReasonProblem    string // message key
	MostLength       int
}

// Any tells whether there is anything to do.
func (a replacementActions) Any() bool { return a.Withdraw || a.Appeal }

// replacementActions offers what the role may do in this state (RULES 4); who only
// reads is offered nothing.
func (v *visit) replacementActions(r models.RMA, typed replacementActions, now time.Time) (replacementActions, error) {
	offered := rules.RMACommandsFor(v.who.role(), r.RMAFacts, now)
	typed.Withdraw, typed.Appeal = slices.Contains(offered, rules.RMAWithdraw), slices.Contains(offered, rules.RMAAppeal)
	typed.MostLength = rules.MaxReason
	return typed, nil
}

func withdrawReplacement(v *visit) (answer, error) {
	r, err := v.store.WithdrawRMA(v.acting(), v.param("id"), "")
	if err != nil {
		return answer{}, err
	}
	return v.done(replacementsPath+"/"+r.ID, "flash.replacement.withdrawn"), nil
}

// appealReplacement asks to decide anew, once.
func appealReplacement(v *visit) (answer, error) {
	typed := replacementActions{Reason: strings.ReplaceAll(v.form("reason"), "\r\n", "\n")}
	r, err := v.store.AppealRMA(v.acting(), v.param("id"), typed.Reason)
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
	case rules.RMAOpen:
		typed.ReasonProblem = "appeal.open"
	default:
		return answer{}, err
	}
	a, err := v.replacementPage(typed)
	a.status = http.StatusUnprocessableEntity
	return a, err
}
