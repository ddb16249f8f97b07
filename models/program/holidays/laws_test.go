package holidays

import (
	"crypto/sha256"
	"encoding/csv"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/civil"
	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/calendar"
)

var update = flag.Bool("update", false, "write the files of this package's tests")

// The years that our table and the library are held against each other for.
const firstCompared, lastCompared = 2026, 2032

// Days that public authorities published, and days that the library alone got wrong.
func TestC3_DaysOfTheLaws(t *testing.T) {
	for _, c := range []struct{ country, region, on, want string }{
		{"LU", "", "2027-06-23", "Nationalfeierdag"},
		{"LU", "", "2027-07-23", ""},
		{"LU", "", "2028-05-09", "Europadag"},
		{"AR", "", "2026-04-03", "Viernes Santo"},
		{"AR", "", "2027-03-25", ""}, // Maundy Thursday
		{"AR", "", "2026-06-15", "Aniversario paso a la inmortalidad del General Martín Miguel de Güemes"},
		{"AR", "", "2026-06-17", ""},
		{"AR", "", "2026-06-19", ""}, // the 20th is a Saturday and stays
		{"AR", "", "2026-11-23", "Día de la Soberanía Nacional"},
		{"AR", "", "2027-10-11", "Día del respeto a la diversidad cultural"},
		{"MX", "", "2026-02-02", "Aniversario de la Constitución"},
		{"MX", "", "2026-02-05", ""},
		{"MX", "", "2027-03-15", "Natalicio de Benito Juárez"},
		{"MX", "", "2027-05-01", "Día del Trabajo"}, // a Saturday
		{"MX", "", "2027-04-30", ""},
		{"MX", "", "2030-10-01", "Transmisión del Poder Ejecutivo Federal"},
		{"CL", "", "2026-06-29", "San Pedro y San Pablo"},
		{"CL", "", "2027-06-28", "San Pedro y San Pablo"},
		{"CL", "", "2027-09-17", "Feriado adicional de Fiestas Patrias"},
		{"CL", "", "2028-10-09", "Encuentro de Dos Mundos"},
		{"CL", "", "2028-10-27", "Día de las Iglesias Evangélicas y Protestantes"},
		{"CL", "", "2028-06-20", "Día Nacional de los Pueblos Indígenas"},
		{"CO", "", "2026-01-12", "Día de los Reyes Magos"},
		{"CO", "", "2026-06-08", "Corpus Christi"},
		{"CO", "", "2026-11-16", "Independencia de Cartagena"},
		{"NZ", "", "2026-07-10", "Matariki"},
		{"NZ", "", "2027-04-26", "ANZAC Day"},
		{"NZ", "", "2028-01-04", "Day after New Year's Day"},
		{"IT", "", "2027-10-04", "San Francesco d'Assisi"},
		{"IE", "", "2030-02-01", "Saint Brigid’s Day"},
		{"IE", "", "2030-02-04", ""},
		{"IE", "", "2027-02-01", "Saint Brigid’s Day"},
		{"JP", "", "2026-09-22", "国民の休日"},
		{"JP", "", "2027-03-22", "春分の日"},
		{"JP", "", "2026-05-06", "憲法記念日"},
		{"US", "", "2027-12-31", "New Year's Day"},
		{"US", "", "2027-06-18", "Juneteenth"},
		{"GB", "", "2027-12-27", "Christmas Day"},
		{"GB", "", "2027-12-28", "Boxing Day"},
		{"CA", "", "2026-05-18", "Victoria Day"},
		{"CA", "", "2026-04-06", ""},
		{"NL", "", "2031-04-26", "Koningsdag"},
		{"DE", "MV", "2027-03-08", "Frauentag"},
		{"DE", "BY", "2029-08-15", "Mariä Himmelfahrt"},
		{"DE", "SN", "2026-11-18", "Buß- und Bettag"},
		{"CH", "GE", "2026-09-10", "Jeûne genevois"},
		{"CH", "VD", "2026-09-21", "Lundi du Jeûne fédéral"},
		{"CH", "GL", "2026-04-09", "Näfelser Fahrt"},
		{"AU", "NSW", "2027-04-26", "ANZAC Day additional holiday"},
		{"AU", "VIC", "2026-09-25", "Friday before the AFL Grand Final"},
		{"AU", "QLD", "2026-10-05", "King's Birthday"},
		{"SE", "", "2026-06-19", "Midsommarafton"},
		{"DK", "", "2027-04-23", ""}, // store bededag is no more
	} {
		require.Equal(t, c.want, nameOn(t, c.country, c.region, c.on), "%s-%s %s", c.country, c.region, c.on)
	}
}

// Two holidays that leave one day between them make it one in Japan.
func TestC3_TheDayBetweenTwoHolidaysIsOneInJapan(t *testing.T) {
	days, _ := Of("JP", "", firstCompared, 2040)
	is := map[civil.Date]bool{}
	for _, h := range days {
		is[h.On] = true
	}
	for on := range maps.Clone(is) {
		between := on.AddDays(1)
		if is[on.AddDays(2)] && calendar.WeekdayOf(between) != calendar.Sunday {
			require.True(t, is[between], "%s", between)
		}
	}
}

func TestC3_EveryLawIsStatedInFull(t *testing.T) {
	require.Len(t, laws(), 27)
	for country, list := range laws() {
		require.True(t, rules.ValidCountry(country), country)
		require.Nil(t, lists[country], "%s has laws: the library is not asked", country)
		for _, l := range list {
			require.NotEmpty(t, l.basis, "%s %s", country, l.name)
			for _, region := range l.regions {
				require.NoError(t, rules.CheckRegion(country, region), "%s %s", country, l.name)
			}
		}
		for _, region := range append([]string{""}, Regions(country)...) {
			for year := firstCompared; year <= lastCompared; year++ {
				days, ok := Of(country, region, year, year)
				require.True(t, ok)
				require.GreaterOrEqual(t, len(days), 4, "%s-%s %d", country, region, year)
			}
		}
	}
}

// A rule that lists its days must not run out unnoticed.
func TestC3_ListedDaysReachFarEnough(t *testing.T) {
	listed := 0
	for _, row := range strings.Split(lawsFile, "\n") {
		columns := strings.Split(row, ";")
		if len(columns) != 7 || !strings.HasPrefix(columns[3], "20") || strings.Contains(row, "once") {
			continue
		}
		days := strings.Fields(columns[3])
		require.GreaterOrEqual(t, days[len(days)-1], "2035", row)
		require.True(t, slices.IsSorted(days), row)
		listed++
	}
	require.Equal(t, 5, listed)
}

func TestC3_ATableThatDoesNotReadIsFound(t *testing.T) {
	const head = "country;regions;name;rule;moved;since;law\n"
	for _, row := range []string{"LU;;x;13-41;;;l", "LU;;x;01-01;sat;;l", "LU;;x;01-01;;soon;l", "LU;;x"} {
		_, err := readLaws(head + row)
		require.Error(t, err, row)
	}
}

// difference is a holiday that we have and the library has not, or the other way round,
// on days of the working week.
type difference struct{ calendar, whose, name, days, why string }

func (d difference) key() string { return d.calendar + ";" + d.whose + ";" + d.name }

const differencesFile = "differences.csv"

const differencesHead = `# Where our table of laws and rickar/cal v2.1.26 differ from 2026 to 2032, on days of the
# working week. "ours" has a day that the library lacks, "library" one that we dropped;
# why says who is right, and is written by hand. go test -update writes the days.
#
# Not here, since the two agree: days that custom or a changing order makes, and days whose
# law is not certain. They stay as the library has them, and laws.csv says so with "kept
# from the library". Not loaded at all: Argentina's bridge days, which a decree makes work
# days for some employers only.
`

// Every difference from the library is listed with a reason, and no other is.
func TestC3_DifferencesFromTheLibraryAreDecidedOneByOne(t *testing.T) {
	found := differences()
	listed := readDifferences(t)
	if *update {
		for i, d := range found {
			found[i].why = listed[d.key()].why
		}
		writeDifferences(t, found)
		listed = readDifferences(t)
	}

	require.Len(t, found, len(listed))
	for _, d := range found {
		stated := listed[d.key()]
		require.NotEmpty(t, stated.why, "decide: %s %s", d.key(), d.days)
		d.why = stated.why
		require.Equal(t, stated, d)
	}
}

// differences compares every calendar that laws.csv makes with the library's.
func differences() (found []difference) {
	for _, country := range slices.Sorted(maps.Keys(laws())) {
		for _, region := range append([]string{""}, Regions(country)...) {
			ours := named{}
			ours.addLaws(laws()[country], region, firstCompared, lastCompared)
			theirs := libraryDays(country, region)
			code := strings.TrimSuffix(country+"-"+region, "-")
			found = append(found, onlyIn(code, "ours", ours, theirs)...)
			found = append(found, onlyIn(code, "library", theirs, ours)...)
		}
	}
	return found
}

// libraryDays are what the library has for a country or a region; where it has only
// lists of regions, a country has what all of them have.
func libraryDays(country, region string) named {
	days := named{}
	if list, ok := libraryRegions[country][region]; ok {
		days.addLibrary(list, firstCompared, lastCompared)
		return days
	}

	if list, ok := libraryCountries[country]; ok {
		days.addLibrary(list, firstCompared, lastCompared)
		return days
	}

	for i, region := range slices.Sorted(maps.Keys(libraryRegions[country])) {
		own := libraryDays(country, region)
		if i == 0 {
			days = own
		}
		maps.DeleteFunc(days, func(on civil.Date, _ string) bool { return own[on] == "" })
	}
	return days
}

// onlyIn lists what only one of the two has, a line for each holiday.
func onlyIn(code, whose string, one, other named) (found []difference) {
	byName := map[string][]string{}
	for on, name := range one {
		weekday := on.In(time.UTC).Weekday()
		if other[on] == "" && weekday != time.Saturday && weekday != time.Sunday {
			byName[name] = append(byName[name], on.String())
		}
	}

	for _, name := range slices.Sorted(maps.Keys(byName)) {
		slices.Sort(byName[name])
		found = append(found, difference{
			calendar: code, whose: whose, name: name, days: strings.Join(byName[name], " "),
		})
	}
	return found
}

func readDifferences(t *testing.T) map[string]difference {
	t.Helper()
	file, err := os.Open(differencesFile)
	require.NoError(t, err)
	defer file.Close()
	r := csv.NewReader(file)
	r.Comma, r.Comment, r.LazyQuotes = ';', '#', true
	rows, err := r.ReadAll()
	require.NoError(t, err)
	listed := map[string]difference{}
	for _, row := range rows[1:] {
		d := difference{calendar: row[0], whose: row[1], name: row[2], days: row[3], why: row[4]}
		listed[d.key()] = d
	}
	return listed
}

func writeDifferences(t *testing.T, all []difference) {
	t.Helper()
	var out strings.Builder
	out.WriteString(differencesHead + "calendar;whose;holiday;days;why\n")
	for _, d := range all {
		out.WriteString(strings.Join([]string{d.calendar, d.whose, d.name, d.days, d.why}, ";") + "\n")
	}
	require.NoError(t, os.WriteFile(differencesFile, []byte(out.String()), 0o600))
}

// Days that change without a new revision would never reach a calendar that is loaded.
func TestC3_ChangedDaysHaveANewRevision(t *testing.T) {
	const file = "testdata/revision.txt"
	sum := sha256.New()
	for _, country := range rules.Countries() {
		for _, region := range append([]string{""}, Regions(country)...) {
			days, _ := Of(country, region, firstCompared, lastCompared)
			for _, h := range days {
				fmt.Fprintln(sum, country, region, h.On, h.Name)
			}
		}
	}

	now := fmt.Sprintf("%d %x\n", revision, sum.Sum(nil))
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(now), 0o600))
	}
	before, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(before), now, "raise revision, then go test -update")
}

func TestC3_OnlyAnEarlierSourceIsCorrected(t *testing.T) {
	require.True(t, OlderThanThis("rickar/cal v2.1.26"))
	require.True(t, OlderThanThis("laws 0, rickar/cal v2.1.26"))
	require.False(t, OlderThanThis(Source))
	require.False(t, OlderThanThis(fmt.Sprintf("laws %d, another library", revision+1)))
}
