// Package thread signs what keeps the mails of a ticket together, and finds it again in what comes
// back: the address for answers, Message-IDs, references and the line above which people answer.
package thread

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"slices"
	"strings"

	"roomcover.dev/roomcover/messages"
	"roomcover.dev/roomcover/rules"
)

// Keys sign what a mail of a ticket has to bring back: the address that answers go to,
// and its Message-ID. The first key signs; every key is accepted, so that a key can be changed
// while mails of the former one are still answered.
type Keys struct{ keys [][]byte }

// NewKeys returns the keys, the newest first. Without a key nothing is signed and nothing
// is accepted.
func NewKeys(keys ...[]byte) Keys { return Keys{keys: keys} }

// KeysFrom derives the keys from the service's own, the newest first: an installation
// that sets no keys for mails has them all the same.
func KeysFrom(serviceKeys ...[]byte) Keys {
	derived := make([][]byte, len(serviceKeys))
	for i, key := range serviceKeys {
		m := hmac.New(sha256.New, key)
		m.Write([]byte("mail thread"))
		derived[i] = m.Sum(nil)
	}
	return Keys{keys: derived}
}

// signatureLength is how many hexadecimal digits sign an address or a Message-ID: 64 bits,
// which nobody can try out by sending mails.
const signatureLength = 16

// The purposes of a signature: one of a Message-ID is none of an address.
const (
	purposeAddress   = "reply address"
	purposeMessageID = "message id"
)

// ReplyAddress is the mailbox's address for answers to one ticket, by its number or id:
// help@example.com becomes help+tk-10023.0123456789abcdef@example.com. It is lower case,
// because some mail programs make it so. Empty where the mailbox is no address, the number is
// no word, or there is no key.
func (k Keys) ReplyAddress(mailbox, ticket string) string {
	at := strings.LastIndex(mailbox, "@")
	ticket = strings.ToLower(ticket)
	if at < 1 || !ticketWord.MatchString(ticket) || len(k.keys) == 0 {
		return ""
	}
	return mailbox[:at] + "+" + ticket + "." + k.sign(purposeAddress, ticket) + mailbox[at:]
}

var (
	ticketWord   = regexp.MustCompile(`^[a-z0-9_-]{1,64}$`)
	signedSuffix = regexp.MustCompile(`^([a-z0-9_-]{1,64})\.([0-9a-f]{16})$`)
	ownMessageID = regexp.MustCompile(
		`^ticket\.([a-z0-9_-]{1,64})\.([a-z0-9_-]{1,64})\.([0-9a-f]{8})\.([0-9a-f]{16})$`)
	ownMailID = regexp.MustCompile(`^ntf_[0-9a-hjkmnp-tv-z]{26}$`)
)

// TicketOfAddress returns the ticket, in upper case, that a reply address was signed for. ok is
// false for any other address, such as one with a signature that does not hold.
func (k Keys) TicketOfAddress(address string) (ticket string, ok bool) {
	local, _, _ := strings.Cut(strings.ToLower(address), "@")
	_, extension, found := strings.Cut(local, "+")
	parts := signedSuffix.FindStringSubmatch(extension)
	if !found || parts == nil || !k.signed(purposeAddress, parts[1], parts[2]) {
		return "", false
	}
	return strings.ToUpper(parts[1]), true
}

// MessageID is the Message-ID's part before the @ of one message of a ticket to one recipient:
// always the same for the same three. message is an id of ours; give the notification's, so
// that a delivery report leads back to it.
func (k Keys) MessageID(ticket, message, recipient string) string {
	digest := sha256.Sum256([]byte(strings.ToLower(recipient)))
	named := strings.Join([]string{
		strings.ToLower(ticket), strings.ToLower(message), hex.EncodeToString(digest[:4]),
	}, ".")
	return "ticket." + named + "." + k.sign(purposeMessageID, named)
}

// OwnMessage is what one of our Message-IDs names.
type OwnMessage struct {
	Ticket  string // upper case; empty for a mail that belongs to no ticket
	Message string // the id that MessageID was given; of other mails the notification's
}

// ParseMessageID reads one of our Message-IDs, with or without angle brackets and whatever its
// domain. ok is false for any other, such as one with a signature that does not hold.
func (k Keys) ParseMessageID(id string) (own OwnMessage, ok bool) {
	local, _, _ := strings.Cut(strings.ToLower(strings.Trim(strings.TrimSpace(id), "<>")), "@")
	if ownMailID.MatchString(local) {
		return OwnMessage{Message: local}, true
	}

	parts := ownMessageID.FindStringSubmatch(local)
	if parts == nil {
		return OwnMessage{}, false
	}
	named := strings.Join(parts[1:4], ".")
	if !k.signed(purposeMessageID, named, parts[4]) {
		return OwnMessage{}, false
	}
	return OwnMessage{Ticket: strings.ToUpper(parts[1]), Message: parts[2]}, true
}

func (k Keys) sign(purpose, text string) string {
	if len(k.keys) == 0 {
		return ""
	}
	return signature(k.keys[0], purpose, text)
}

func (k Keys) signed(purpose, text, sign string) bool {
	return slices.ContainsFunc(k.keys, func(key []byte) bool {
		return hmac.Equal([]byte(signature(key, purpose, text)), []byte(sign))
	})
}

func signature(key []byte, purpose, text string) string {
	m := hmac.New(sha256.New, key)
	m.Write([]byte(purpose + "\x00" + text))
	return hex.EncodeToString(m.Sum(nil))[:signatureLength]
}

// maxSubject is how many characters a mail's subject has at most.
const maxSubject = 300

// maxReferences is how many Message-IDs a mail's References name.
const maxReferences = 20

// ReferencesAfter returns the References of an answer: those of the mail that it answers, and
// that mail. Of a long thread the first stays, by which readers know the thread, with the last
// ones. What cannot stand in a header is left out.
func ReferencesAfter(references []string, parent string) []string {
	var out []string
	for _, id := range append(slices.Clone(references), parent) {
		if rules.ValidMessageID(id) && !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	if over := len(out) - maxReferences; over > 0 {
		out = slices.Delete(out, 1, 1+over)
	}
	return out
}

// Subject is the subject of every mail of a ticket, never another: [TK-10023] and the
// summary. Mail programs keep a thread together by it.
func Subject(number, summary string) string {
	subject := "[" + number + "] " + strings.Join(strings.Fields(summary), " ")
	if runes := []rune(subject); len(runes) > maxSubject {
		subject = string(runes[:maxSubject])
	}
	return strings.TrimSpace(subject)
}

// ReplyMarker is the line of a mail in a locale below which nothing of an answer is read.
func ReplyMarker(locale string) string {
	return "--- " + messages.In(locale).Say("mail.reply_above") + " ---"
}

// ReplyMarkers are the words of the line in every language.
func ReplyMarkers() []string {
	var out []string
	for _, locale := range messages.Locales() {
		out = append(out, messages.In(locale).Say("mail.reply_above"))
	}
	return out
}
