package mailbox

import (
	"slices"

	"roomcover.dev/roomcover/rules"
)

// The actions on an item that take no text, and those that take no reason.
var (
	textless = []Action{
		ActReissue, ActRedirect, ActAddPerson, ActWarranty, ActAddToTicket, ActSpam, ActSendCode,
		ActProve, ActSetKind,
	}
	reasonless = []Action{
		ActOpenTicket, ActAddToTicket, ActAnswer, ActSpam, ActNoteCall, ActSendCode, ActProve,
		ActSetKind,
	}
)

// CheckWords refuses, with VALIDATION_FAILED, words that an action would keep nowhere: whoever
// wrote them is to know. Each door that takes both asks before it acts.
func (a Action) CheckWords(text, reason string) error {
	var k rules.Checker
	if text != "" && slices.Contains(textless, a) {
		k.Fail("/text", rules.NotTaken, "Nothing is said with this command.", "Leave it out.")
	}
	if reason != "" && slices.Contains(reasonless, a) {
		k.Fail("/reason", rules.NotTaken, "No reason is kept with this command.", "Leave it out.")
	}
	return rules.Invalid(k.Fields)
}
