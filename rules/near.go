package rules

import (
	"slices"
	"strings"
)

// mostNear is how many near names a refusal lists.
const mostNear = 3

// Nearest returns the names that somebody may have meant who typed another one, the nearest
// first: those that differ from it in a letter of four at most, accents and case aside, or that
// begin with it. None are near to a name of fewer than three letters.
func Nearest(said string, names []string) []string {
	type near struct {
		name string
		far  int
	}

	said = SearchKey(said)
	letters := len([]rune(said))
	if letters < 3 {
		return nil
	}

	var found []near
	for _, name := range names {
		key := SearchKey(name)
		far := distance([]rune(said), []rune(key))
		if strings.HasPrefix(key, said) {
			far = min(far, 1)
		}
		known := slices.ContainsFunc(found, func(n near) bool { return n.name == name })
		if far <= max(1, letters/4) && !known {
			found = append(found, near{name, far})
		}
	}

	slices.SortStableFunc(found, func(a, b near) int { return a.far - b.far })
	out := []string{}
	for _, n := range found[:min(len(found), mostNear)] {
		out = append(out, n.name)
	}
	return out
}

// distance counts the letters that are to be put in, left out, replaced or swapped with their
// neighbour to make one text of another.
func distance(a, b []rune) int {
	var before []int // the line before the last one
	last := make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}

	for i := 1; i <= len(a); i++ {
		line := make([]int, len(b)+1)
		line[0] = i
		for j := 1; j <= len(b); j++ {
			replaced := last[j-1]
			if a[i-1] != b[j-1] {
				replaced++
			}
			line[j] = min(last[j]+1, line[j-1]+1, replaced)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				line[j] = min(line[j], before[j-2]+1)
			}
		}
		before, last = last, line
	}
	return last[len(b)]
}
