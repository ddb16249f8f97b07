package help

import (
	"cmp"
	"html"
	"math"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"roomcover.dev/roomcover/rules"
)

// Hit is an answer that was found, with the part of it that says so.
type Hit struct {
	Entry
	Chapter string
	Excerpt string
}

const (
	mostHits    = 12
	mostWords   = 12 // of a question; people do not ask longer ones
	titleWeight = 4
	excerpt     = 180 // letters
)

// Search finds the answers to what somebody typed, the best first: the words that few answers
// have count most, those of a title more than those of a text. Accents, case and the ends of
// words do not matter.
func (e *Edition) Search(typed string) []Hit {
	asked := askedIn(typed)
	if len(asked) == 0 {
		return nil
	}

	type pair struct{ title, text []string }
	var (
		words = map[string]pair{}
		with  = make([]int, len(asked)) // how many answers have each word
		all   float64
	)
	for anchor, one := range e.entries {
		w := pair{wordsOf(one.Title), wordsOf(one.text)}
		words[anchor] = w
		all++
		for i, word := range asked {
			if names(w.title, word) || names(w.text, word) {
				with[i]++
			}
		}
	}

	type scored struct {
		Hit
		score float64
	}
	var found []scored
	for _, c := range e.Chapters {
		for _, one := range c.Entries {
			var score float64
			matched := 0
			for i, word := range asked {
				inTitle := names(words[one.Anchor].title, word)
				inText := names(words[one.Anchor].text, word)
				if !inTitle && !inText {
					continue
				}
				matched++
				rare := math.Log(1 + all/float64(with[i]))
				if inTitle {
					score += titleWeight * rare
				}
				if inText {
					score += rare
				}
			}

			// Half of what is asked has to be there, or else every question finds every answer.
			if 2*matched >= len(asked) {
				found = append(found, scored{Hit{one, c.Title, excerptOf(one.text, asked)}, score})
			}
		}
	}

	slices.SortStableFunc(found, func(a, b scored) int { return cmp.Compare(b.score, a.score) })
	var hits []Hit
	for _, one := range found[:min(mostHits, len(found))] {
		hits = append(hits, one.Hit)
	}
	return hits
}

// common words are in every question and say nothing of it.
var common = regexp.MustCompile(`^(?:` +
	`a|an|and|are|at|by|can|do|does|for|how|i|in|is|it|my|of|on|or|the|to|we|what|when|where|` +
	`who|why|as|com|como|da|das|de|dos|e|em|eu|meu|minha|na|no|o|onde|os|ou|para|pode|por|` +
	`posso|qual|quando|que|quem|se|um|uma)$`)

// askedIn are the words of a question that matter.
func askedIn(typed string) []string {
	var asked []string
	for _, word := range wordsOf(typed) {
		if !common.MatchString(word) && !slices.Contains(asked, word) && len(asked) < mostWords {
			asked = append(asked, word)
		}
	}
	return asked
}

func wordsOf(text string) []string {
	return strings.FieldsFunc(rules.SearchKey(text), notOfAWord)
}

func notOfAWord(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }

// names reports whether one of the words is the one that was asked for, perhaps with another
// end: "canceling" for "cancel", "devolver" for "devolvo".
func names(words []string, asked string) bool {
	return slices.ContainsFunc(words, func(word string) bool { return akin(word, asked) })
}

// akin reports whether three quarters of the shorter word, and four letters, begin the other.
func akin(a, b string) bool {
	n := min(len(a), len(b))
	if n < 4 {
		return a == b
	}

	same := 0
	for same < n && a[same] == b[same] {
		same++
	}
	return same >= max(4, (3*n+3)/4)
}

// excerptOf is the part of a text around the first word that was asked for.
func excerptOf(text string, asked []string) string {
	words := strings.Fields(text)
	at := max(0, slices.IndexFunc(words, func(word string) bool {
		own := wordsOf(word)
		return slices.ContainsFunc(asked, func(one string) bool { return names(own, one) })
	}))

	from := max(0, at-6)
	var b strings.Builder
	if from > 0 {
		b.WriteString("…")
	}
	for i, word := range words[from:] {
		if b.Len()+len(word) > excerpt {
			return b.String() + "…"
		}
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(word)
	}
	return b.String()
}

var tag = regexp.MustCompile(`<[^>]*>`)

// plain is the text of what goldmark rendered.
func plain(page string) string {
	return strings.Join(strings.Fields(html.UnescapeString(tag.ReplaceAllString(page, ""))), " ")
}
