package holidays

import (
	_ "embed"
	"encoding/csv"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"roomcover.dev/roomcover/rules/calendar"
)

//go:embed laws.csv
var lawsFile string

// law is a holiday as a law states it.
type law struct {
	country string
	regions []string // that have it; none: the whole country
	name    string   // in the language of the place
	rule    calendar.HolidayRule
	since   int    // first year; 0: always
	basis   string // the law, or why the library's day was kept
}

// laws are those of laws.csv by country. The file is part of the program: one that does
// not read is a programmer's mistake, which every test of this package finds.
var laws = sync.OnceValue(func() map[string][]law {
	all, err := readLaws(lawsFile)
	if err != nil {
		panic(err)
	}
	return all
})

// readLaws reads the table of holidays.
func readLaws(table string) (map[string][]law, error) {
	r := csv.NewReader(strings.NewReader(table))
	r.Comma = ';'
	r.Comment = '#'
	r.LazyQuotes = true // a name may have an apostrophe or a quotation mark
	rows, err := r.ReadAll()
	if err != nil {
		return nil, err
	}

	all := map[string][]law{}
	for _, row := range rows[1:] { // the first names the columns
		l := law{
			country: row[0],
			regions: strings.Fields(row[1]),
			name:    row[2],
			basis:   row[6],
		}

		if l.rule, err = calendar.ParseHolidayRule(row[3], row[4]); err != nil {
			return nil, fmt.Errorf("holidays: %s %s: %w", l.country, l.name, err)
		}

		if row[5] != "" {
			if l.since, err = strconv.Atoi(row[5]); err != nil {
				return nil, fmt.Errorf("holidays: %s %s: %w", l.country, l.name, err)
			}
		}

		all[l.country] = append(all[l.country], l)
	}

	return all, nil
}

// in reports whether a region has the holiday; the empty one is the whole country.
func (l law) in(region string) bool {
	return len(l.regions) == 0 || slices.Contains(l.regions, region)
}
