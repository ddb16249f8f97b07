package db

import (
	"crypto/rand"
	"strings"
	"unicode"
)

// numberLetters are the letters of numbers for people: those that nobody takes for another
// one when they are read out or typed. I, L, O and U are left out.
const numberLetters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// The beginnings of numbers for people.
const (
	NumberOfOrder  = "SO"
	NumberOfRMA    = "RMA"
	NumberOfSpare  = "SPARE"
	NumberOfTicket = "TK"
)

// lettersOfNumber is how many letters stand in each group of a number.
const lettersOfNumber = 5

// NewNumber draws a number for people, such as RMA-7F3K2: the beginning and so many groups
// of five letters. It is not unique by itself: the database's unique key decides, and the
// transaction that met a number that is taken runs again and draws another one.
func NewNumber(kind string, groups int) string {
	number := kind
	for range groups {
		letters := make([]byte, lettersOfNumber)
		_, _ = rand.Read(letters)
		for i := range letters {
			letters[i] = numberLetters[int(letters[i])%len(numberLetters)]
		}
		number += "-" + string(letters)
	}
	return number
}

// numbered are the tables of things that have a number in one group of letters.
var numbered = map[string]string{
	NumberOfRMA:    "rmas",
	NumberOfSpare:  "spare_units",
	NumberOfTicket: "tickets",
}

// IDNamed returns the id of the RMA, spare unit or ticket whose number somebody typed where an
// id is asked for; anything else, and a number that nothing has, is returned as it is.
func IDNamed(tx *Tx, name string) (string, error) {
	for kind, table := range numbered {
		number, ok := ReadNumber(kind, name)
		if !ok {
			continue
		}

		var ids []string
		err := tx.Table(table).Where("number = ?", number).Pluck("id", &ids).Error
		if err != nil || len(ids) == 0 {
			return name, err
		}
		return ids[0], nil
	}
	return name, nil
}

// likeDigits are the letters that people type for a digit.
var likeDigits = strings.NewReplacer("O", "0", "I", "1", "L", "1")

// ReadNumber returns the number of a kind, in one group of letters, as it is stored,
// however it was typed: in capitals or not, with O for 0 and I or L for 1, with blanks or
// other hyphens, or without one. It reports false for anything else, such as an id.
func ReadNumber(kind, typed string) (string, bool) {
	plain := strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.Is(unicode.Pd, r) || r == '#' {
			return -1
		}
		return unicode.ToUpper(r)
	}, typed)

	letters, ours := strings.CutPrefix(plain, kind)
	letters = likeDigits.Replace(letters)
	if !ours || len(letters) != lettersOfNumber || strings.Trim(letters, numberLetters) != "" {
		return "", false
	}
	return kind + "-" + letters, true
}
