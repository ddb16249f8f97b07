package db_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
)

func TestNumbersAreReadHoweverTheyAreTyped(t *testing.T) {
	for typed, want := range map[string]string{
		"RMA-7F3K2":                      "RMA-7F3K2",
		"rma-7f3k2":                      "RMA-7F3K2",
		" RMA 7F3K2 ":                    "RMA-7F3K2",
		"RMA7F3K2":                       "RMA-7F3K2",
		"#RMA-7F3K2":                     "RMA-7F3K2",
		"RMA\u20137F3K2":                 "RMA-7F3K2", // a mail program's dash
		"RMA\u00a07F3K2":                 "RMA-7F3K2",
		"rma-oIl0a":                      "RMA-0110A",
		"RMA-7F3K":                       "",
		"RMA-7F3K22":                     "",
		"RMA-7F3KU":                      "", // no number has a U
		"RMA-7F3Ké":                      "",
		"SO-7F3K2":                       "",
		"SPARE-7F3K2":                    "",
		"7F3K2":                          "",
		"":                               "",
		"rma_01kb4z9m2v0000000000000000": "",
	} {
		got, ok := db.ReadNumber(db.NumberOfRMA, typed)
		require.Equal(t, want, got, typed)
		require.Equal(t, want != "", ok, typed)
	}

	got, ok := db.ReadNumber(db.NumberOfSpare, "spare-o0001")
	require.True(t, ok)
	require.Equal(t, "SPARE-00001", got)
}

func TestNewNumbersAreReadAsTheyAre(t *testing.T) {
	seen := map[string]bool{}
	for range 500 {
		number := db.NewNumber(db.NumberOfRMA, 1)
		read, ok := db.ReadNumber(db.NumberOfRMA, strings.ToLower(number))
		require.True(t, ok, number)
		require.Equal(t, number, read)
		seen[number] = true
	}
	require.Greater(t, len(seen), 450)
	require.Regexp(t, `^SO-[0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5}$`, db.NewNumber(db.NumberOfOrder, 2))
}
