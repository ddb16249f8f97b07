package chaos

import (
	"fmt"
	"strings"

	"roomcover.dev/roomcover/mail/thread"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

// authServer is the name under which the mail server in front of the mailbox says what it found
// out about a sender.
const authServer = "mx.support.example"

// operatorAddress is that of an operator who answers tickets by mail.
const operatorAddress = "agente." + Marker + "@support.example"

// threadKeys are those of the service: who gets its mails knows the addresses that they sign.
var threadKeys = thread.KeysFrom(storetest.Key)

// stationery is what a letter is written with.
type stationery struct {
	from, to string
	also     string // another of the mailbox's addresses; empty: none
	auth     string // pass, fail or empty
	more     string // further header lines
	subject  string
	text     string
}

// raw is the letter as a mail server hands it over. Its body has enough lines for a kill in the
// middle of it.
func (s stationery) raw(word string) []byte {
	_, domain, _ := strings.Cut(s.from, "@")
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\r\n", args...) }
	if s.auth != "" {
		line("Authentication-Results: %s; dmarc=%s header.from=%s", authServer, s.auth, domain)
	}
	line("From: Ana <%s>", s.from)
	line("To: <%s>", s.to)
	if s.also != "" {
		line("Cc: <%s>", s.also)
	}
	line("Subject: %s", s.subject)
	line("Message-ID: <%s@%s>", word, domain)
	if s.more != "" {
		line("%s", s.more)
	}
	line("Content-Type: text/plain; charset=utf-8")
	line("")
	line("%s", s.text)
	line("%s", word)
	for n := range 10 {
		line("Line %d of what %s says.", n, Marker)
	}
	return []byte(b.String())
}

// writeLetter writes a mail about a ticket, or in its name, and posts it.
func (s *support) writeLetter(t openedTicket) {
	if s.letters == lettersOfOne {
		return
	}
	s.letters++
	s.texts++

	m := &Letter{
		Word:    word(s.Seed, s.n, s.texts),
		Account: s.house.account,
	}
	signed := threadKeys.ReplyAddress(s.mailbox, t.number)
	paper := stationery{
		from:    s.admin.Email,
		to:      signed,
		subject: "Re: [" + t.number + "] Sem imagem",
		text:    "It goes on.",
	}
	answers := fmt.Sprintf("References: <%s@support.example>",
		threadKeys.MessageID(t.number, db.NewID(db.PrefixNotification), s.admin.Email))

	switch what := s.rand.IntN(100); {
	case what < 35: // a member answers, who may only read, too
		m.Kind, m.Author = fromMember, s.admin.ID
		if s.rand.IntN(3) == 0 {
			m.Author, paper.from = s.colleague.ID, s.colleague.Email
		}
		if s.rand.IntN(3) == 0 {
			paper.also = s.mailbox
		}
	case what < 45: // by the header alone, and the domain vouches for it
		m.Kind, m.Author = fromMember, s.admin.ID
		paper.to, paper.auth, paper.more = s.mailbox, "pass", answers
	case what < 52: // by the header alone
		m.Kind = unproved
		paper.to, paper.more = s.mailbox, answers
	case what < 62: // in the name of a member
		m.Kind = unproved
		paper.auth = "fail"
	case what < 70: // somebody who got the address
		m.Kind = unproved
		paper.from = fmt.Sprintf("eva.%d.%s@fremd-%d.example", s.texts, Marker, s.house.n)
		paper.auth = "pass"
	case what < 76: // a member of another account
		m.Kind = unproved
		paper.from = s.supports[(s.house.n+1)%len(s.supports)].house.email()
		paper.auth = "pass"
	case what < 81: // in the name of an operator
		m.Kind = unproved
		paper.from = operatorAddress
	case what < 87:
		m.Kind, m.Author = fromOperator, s.agent
		paper.from, paper.auth = operatorAddress, "pass"
	case what < 94:
		m.Kind = automatic
		paper.more = "Auto-Submitted: auto-replied"
	default:
		m.Kind, m.Account = question, ""
		paper.from = fmt.Sprintf("rui.%d.%s@fremd-%d.example", s.texts, Marker, s.house.n)
		paper.to, paper.subject = s.mailbox, "Where is my invitation?"
	}

	m.From = paper.from
	m.To = []string{paper.to}
	if paper.also != "" {
		m.To = append(m.To, paper.also)
	}
	m.Raw = paper.raw(m.Word)
	s.Ledger.write(m)
	s.Post.deliver(m, s.rand.Uint64())
}

// routes is how many of a letter's recipients are different places of the mailbox: each keeps the
// mail.
func (m *Letter) routes() int {
	different := map[string]bool{}
	for _, to := range m.To {
		different[rules.NormaliseEmail(to)] = true
	}
	return len(different)
}
