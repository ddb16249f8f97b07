package console

import (
	"regexp"
	"strings"
	"sync"

	"roomcover.dev/roomcover/messages"
)

// The service stores why it raised a task, and what is to be done, as English sentences: they
// stand in the audit of the desk, in the API and on the command line. The catalog has each of
// them in every language, with places for what differs; the console recognizes the sentence,
// and says it with the same facts in the reader's language.

// toldKeys are the sentences, by their keys in the catalog. The English text is the stored one.
var toldKeys = []string{
	"console.told.review.what",
	"console.told.ticket.what",
	"console.told.ticket.breach",
	"console.told.ticket.warning",
	"console.told.ticket.new",
	"console.told.ticket.rma",
	"console.told.ticket.ours",
	"console.told.ticket.worse.what",
	"console.told.ticket.worse.why",
	"console.told.mail.undeliverable.what",
	"console.told.mail.unknown.what",
	"console.told.mail.broke",
	"console.told.mail.restored",
	"console.told.unclaimed.what",
	"console.told.unclaimed.why",
	"console.told.requested.what",
	"console.told.requested.why",
	"console.told.contact.what",
	"console.told.contact.why",
	"console.told.step.what",
	"console.told.step.why",
	"console.told.step.mend",
	"console.told.step.forgood",
	"console.told.mailserver.what",
	"console.told.mailserver.why",
	"console.told.carrier.what",
	"console.told.carrier.why",
	"console.told.stuck.what",
	"console.told.stuck.why",
	"console.told.stalled.what",
	"console.told.stalled.why",
	"console.told.scanner.size.what",
	"console.told.scanner.size.why",
	"console.told.scanner.what",
	"console.told.scanner.why",
	"console.told.mailbox.what",
	"console.told.mailbox.why",
	"console.told.meeting.what",
	"console.told.meeting.why",
	"console.told.outbox.what",
	"console.told.outbox.why",
	"console.told.outage.what",
	"console.told.outage.why",
	"console.told.outage.refused.what",
	"console.told.outage.refused.why",
	"console.told.outage.limited.what",
	"console.told.outage.limited.why",
	"console.told.outage.missing.what",
	"console.told.outage.missing.why",
	"console.told.sweeplate.what",
	"console.told.sweeplate.why",
	"console.told.sweepfailed.account",
	"console.told.sweepfailed.parent",
	"console.told.sweepfailed.why",
	"console.told.claimed.what",
	"console.told.claimed.why",
	"console.told.claimed.noproof",
	"console.told.claimed.proof",
	"console.told.parcel.where",
	"console.told.parcel.excludes",
	"console.told.parcel.time",
	"console.told.parcel.back.what",
	"console.told.parcel.back.why",
	"console.told.holidays.what",
	"console.told.holidays.why",
	"console.told.hours.what",
	"console.told.hours.why",
	"console.told.warranty.link",
	"console.told.warranty.claim",
	"console.told.warranty.missed",
	"console.told.parent.alike",
	"console.told.parent.mixed",
	"console.told.parent.signin",
	"console.told.near.what",
	"console.told.csm.what",
	"console.told.csm.first",
	"console.told.csm.left",
	"console.told.csm.nobody",
	"console.told.rma.decide",
	"console.told.rma.requested",
	"console.told.rma.late.what",
	"console.told.rma.late.why",
	"console.told.rma.silent.what",
	"console.told.rma.silent.why",
	"console.told.rma.lost.what",
	"console.told.rma.lost.why",
	"console.told.rma.wrong.what",
	"console.told.rma.wrong.why",
	"console.told.rma.damage.what",
	"console.told.rma.damage.why",
	"console.told.rma.fee.what",
	"console.told.rma.fee.why",
	"console.told.signin.what",
	"console.told.signin.why",
	"console.told.sync.what",
	"console.told.sync.refused",
	"console.told.sync.ends",
	"console.told.stock.enter",
	"console.told.stock.better",
	"console.told.stock.uncounted",
	"console.told.stock.plain",
	"console.told.stock.told",
	"console.told.stock.contact",
	"console.told.stock.call",
	"console.told.stock.none",
	"console.told.stock.notcounted",
	"console.told.stock.nocount",
	"console.told.stock.promised",
	"console.told.stock.unpromised",
	"console.told.stock.approved",
	"console.told.stock.spare",
	"console.told.label.what",
	"console.told.label.why",
	"console.told.spare.what",
	"console.told.spare.why",
	"console.told.sparefee.what",
	"console.told.sparefee.why",
	"console.told.emergency.what",
	"console.told.emergency.why",
	"console.told.unreachable.what",
	"console.told.unreachable.glass",
	"console.told.incident.what",
	"console.told.incident.why",
	"console.told.privacy.what",
	"console.told.privacy.why",
}

// toldSentence is a sentence with its pattern and the names of its places.
type toldSentence struct {
	key     string
	pattern *regexp.Regexp
	places  []string
}

var (
	toldPlace  = regexp.MustCompile(`\{(\w+)\}`)
	toldNumber = regexp.MustCompile(`^((?:RMA|SPARE|TK)-\w+: )(.*)$`)
	toldCode   = regexp.MustCompile(`^[A-Z][A-Z0-9]*(_[A-Z0-9]+)+$`)
)

// toldSentences reads the sentences from the English catalog, once.
var toldSentences = sync.OnceValue(func() (all []toldSentence) {
	english := messages.In("en")
	for _, key := range toldKeys {
		s := toldSentence{key: key}
		pattern, rest := "^", english.Say(key)
		for {
			at := toldPlace.FindStringSubmatchIndex(rest)
			if at == nil {
				break
			}
			pattern += regexp.QuoteMeta(rest[:at[0]]) + "(.+?)"
			s.places = append(s.places, rest[at[2]:at[3]])
			rest = rest[at[1]:]
		}
		s.pattern = regexp.MustCompile("(?s)" + pattern + regexp.QuoteMeta(rest) + "$")
		all = append(all, s)
	}
	return all
})

// told is a sentence of the service in the reader's language, with what is left of it in
// English: all of it where the catalog does not know it.
type told struct {
	Text    string
	English bool
}

// tell says a stored sentence in the reader's language.
func (v *visit) tell(sentence string) told {
	if number := toldNumber.FindStringSubmatch(sentence); number != nil {
		rest := v.tell(number[2])
		return told{number[1] + rest.Text, rest.English}
	}
	if codes, known := v.tellCodes(sentence); known {
		return told{Text: codes}
	}
	for _, s := range toldSentences() {
		found := s.pattern.FindStringSubmatch(sentence)
		if found == nil {
			continue
		}
		args := messages.Args{}
		for i, place := range s.places {
			args[place] = v.tell(found[i+1]).Text
		}
		return told{Text: v.language.Say(s.key, args)}
	}
	return told{Text: sentence, English: true}
}

// tellAll says stored sentences in the reader's language, with names in the place of ids. Where
// names cannot be read, ids stay: the sentences are what matters.
func (v *visit) tellAll(sentences ...string) []told {
	names, err := v.namesBy(idInText.FindAllString(strings.Join(sentences, " "), -1))
	if err != nil {
		v.log.ErrorContext(v.ctx, "console: names could not be read", "request", v.id, "error", err)
	}
	story := taskStory{names: names}
	all := make([]told, len(sentences))
	for i, sentence := range sentences {
		all[i] = v.tell(story.named(sentence))
	}
	return all
}

// tellCodes says what codes stand for, where the sentence is nothing but codes.
func (v *visit) tellCodes(sentence string) (string, bool) {
	var texts []string
	for _, code := range strings.Split(sentence, ", ") {
		if !toldCode.MatchString(code) {
			return "", false
		}
		text := ""
		for _, begin := range []string{"mail.reason.", "reject.", "console.told.code."} {
			if v.language.Has(begin + code) {
				text = v.language.Say(begin + code)
				break
			}
		}
		if text == "" {
			return "", false
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, "; ") + ".", true
}
