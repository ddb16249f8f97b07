package inbound

import (
	_ "embed"
	"encoding/json"
	"strings"
	"unicode"

	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"
)

// Kind is what a mail to the mailbox asks for (S56).
type Kind string

// The kinds of requests.
const (
	LostInvitation  Kind = "LOST_INVITATION"
	WrongPerson     Kind = "WRONG_PERSON"
	ExpiredLink     Kind = "EXPIRED_LINK"
	ExtraPerson     Kind = "EXTRA_PERSON"
	MissingWarranty Kind = "MISSING_WARRANTY"
	Other           Kind = "OTHER"
	ReplyByStranger Kind = "REPLY_BY_STRANGER"
)

// Kinds are the kinds of requests, in the order in which they are shown.
var Kinds = []Kind{
	LostInvitation, WrongPerson, ExpiredLink, ExtraPerson, MissingWarranty, Other,
	ReplyByStranger,
}

//go:embed guess.json
var guessWords []byte

// phrases are what mails of each kind say, in the languages of our customers, with how much
// each says for the kind.
var phrases = readPhrases()

type phrase struct {
	Kind   Kind     `json:"kind"`
	Weight int      `json:"weight"`
	Words  []string `json:"words"`
}

func readPhrases() (out []phrase) {
	if err := json.Unmarshal(guessWords, &out); err != nil {
		panic(err) // embedded
	}
	for i := range out {
		for j, words := range out[i].Words {
			out[i].Words[j] = " " + folded(words)
		}
	}
	return out
}

// enough is how much the words must say before a guess is made.
const enough = 3

// guessReads is how much of a mail the guess reads.
const guessReads = 6000

// Guess is the kind that the words of a mail sound like: a suggestion for whoever looks at it.
// Nothing is ever done because of it.
func Guess(subject, text string) Kind {
	said := " " + folded(subject+"\n"+text[:min(len(text), guessReads)]) + " "
	scores := map[Kind]int{}
	for _, p := range phrases {
		for _, words := range p.Words {
			if strings.Contains(said, words) {
				scores[p.Kind] += p.Weight
				break
			}
		}
	}

	best := Other
	for _, kind := range Kinds {
		if scores[kind] >= enough && scores[kind] > scores[best] {
			best = kind
		}
	}
	return best
}

// folded is text in small letters without accents, each run of anything else one blank.
func folded(text string) string {
	plain := transform.Chain(norm.NFD, runes.Remove(runes.In(unicode.Mn)), norm.NFC)
	out, _, err := transform.String(plain, strings.ToValidUTF8(text, ""))
	if err != nil {
		out = text
	}
	words := strings.FieldsFunc(strings.ToLower(out), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
	return strings.Join(words, " ")
}
