package chart_test

import (
	"encoding/xml"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"roomcover.dev/roomcover/chart"
	"roomcover.dev/roomcover/messages"
)

var update = flag.Bool("update", false, "rewrite the golden files")

var kinds = []chart.Kind{chart.Bars, chart.Stacked, chart.Line, chart.Strip, chart.Ranked}

// data are the values that charts are drawn of: none, one, many, nothing but zero, and huge.
func data() map[string]chart.Chart {
	values := func(n int, of func(i int) chart.Value) (out []chart.Value) {
		for i := range n {
			out = append(out, of(i))
		}
		return out
	}
	with := func(unit chart.Unit, n int, series ...chart.Series) chart.Chart {
		c := chart.Chart{
			ID:          "orders",
			Unit:        unit,
			Title:       "Orders <per> week",
			Description: "How many orders & of which kind.",
			LabelName:   "Week",
			Series:      series,
		}
		for i := range n {
			c.Labels = append(c.Labels, fmt.Sprintf("%d Nov", i+1))
		}
		return c
	}

	return map[string]chart.Chart{
		"none": with(chart.Count, 0, chart.Series{Name: "Orders"}),
		"one": with(chart.Count, 1, chart.Series{
			Name:   "Orders",
			Values: values(1, func(int) chart.Value { return chart.Known(7) }),
		}),
		"many": with(chart.Seconds, 30,
			chart.Series{Name: "Half", Values: values(30, func(i int) chart.Value {
				if i%7 == 3 {
					return nil
				}
				return chart.Known(int64(i*i) * 1000)
			})},
			chart.Series{Name: "Nine in ten", Tone: chart.Amber, Values: values(30, func(i int) chart.Value {
				return chart.Known(int64(i) * 7200)
			})}),
		"zero": with(chart.PerMille, 4, chart.Series{
			Name:   "Share",
			Tone:   chart.Red,
			Values: values(4, func(int) chart.Value { return chart.Known(0) }),
		}),
		"huge": with(chart.Count, 3,
			chart.Series{Name: "Orders", Values: values(3, func(i int) chart.Value {
				return chart.Known(1_234_567_890_123 * int64(i+1))
			})},
			chart.Series{Name: "Refused", Tone: chart.Grey, Values: values(3, func(i int) chart.Value {
				return chart.Known(int64(i))
			})}),
	}
}

func TestChartsAreDrawnAsBefore(t *testing.T) {
	for name, c := range data() {
		for _, kind := range kinds {
			for _, locale := range messages.Locales() {
				c.Kind = kind
				l := messages.In(locale)
				svg, err := c.SVG(l)
				require.NoError(t, err)
				table, err := c.Table(l)
				require.NoError(t, err)
				requireWellFormed(t, string(svg))
				requireWellFormed(t, string(table))
				require.NotContains(t, svg+table, "style", "the pages' policy forbids it")
				require.NotContains(t, svg+table, "<per>", "texts are escaped")
				require.NotContains(t, svg+table, "NaN")

				file := filepath.Join("testdata", fmt.Sprintf("%s.%s.%s.svg", kind, name, locale))
				got := string(svg) + string(table)
				if *update {
					require.NoError(t, os.WriteFile(file, []byte(got), 0o600))
				}
				want, err := os.ReadFile(file)
				require.NoError(t, err)
				require.Equal(t, string(want), got, file)
				again, err := c.SVG(l)
				require.NoError(t, err)
				require.Equal(t, svg, again)
			}
		}
	}
}

func requireWellFormed(t require.TestingT, text string) {
	decoder := xml.NewDecoder(strings.NewReader(text))
	for {
		if _, err := decoder.Token(); err != nil {
			require.ErrorContains(t, err, "EOF", text)
			return
		}
	}
}

var (
	drawn     = regexp.MustCompile(`height="([\d.]+)" data-value="(\d+)"`)
	point     = regexp.MustCompile(`data-value="(\d+)"`)
	tabulated = regexp.MustCompile(`<data value="(\d+)">`)
	sums      = regexp.MustCompile(`(?s)<tfoot>.*</tfoot>`)
)

func sum(t require.TestingT, texts [][]string) (n int64) {
	for _, text := range texts {
		value, err := strconv.ParseInt(text[len(text)-1], 10, 64)
		require.NoError(t, err)
		n += value
	}
	return n
}

// What is drawn, what stands in the table and what its last row says are the same, and bars are
// as high as their values, to a tenth of a pixel.
func TestBarsAddUpToTheTable(t *testing.T) {
	l := messages.In("pt-BR")
	rapid.Check(t, func(t *rapid.T) {
		c := chart.Chart{ID: "c", Unit: chart.Count, Kind: rapid.SampledFrom(kinds).Draw(t, "kind")}
		weeks := rapid.IntRange(0, 53).Draw(t, "weeks")
		total, largest := int64(0), int64(0)
		perWeek := make([]int64, weeks)
		limit := rapid.SampledFrom([]int64{1, 9, 1000, 1 << 40}).Draw(t, "limit")
		for i := range weeks {
			c.Labels = append(c.Labels, fmt.Sprint(i))
		}
		most := 4
		if c.Kind == chart.Ranked { // which has one series
			most = 1
		}
		for range rapid.IntRange(1, most).Draw(t, "series") {
			var s chart.Series
			for i := range weeks {
				n := rapid.Int64Range(-1, limit).Draw(t, "n")
				if n < 0 {
					s.Values = append(s.Values, nil)
					continue
				}
				s.Values = append(s.Values, chart.Known(n))
				total += n
				perWeek[i] += n
				largest = max(largest, n)
				if c.Kind == chart.Stacked {
					largest = max(largest, perWeek[i])
				}
			}
			c.Series = append(c.Series, s)
		}

		svg, err := c.SVG(l)
		require.NoError(t, err)
		table, err := c.Table(l)
		require.NoError(t, err)
		requireWellFormed(t, string(svg))
		require.Equal(t, total, sum(t, point.FindAllStringSubmatch(string(svg), -1)))
		last := sums.FindString(string(table))
		require.Equal(t, total, sum(t, tabulated.FindAllStringSubmatch(last, -1)))
		rows := strings.Replace(string(table), last, "", 1)
		require.Equal(t, total, sum(t, tabulated.FindAllStringSubmatch(rows, -1)))

		if c.Kind != chart.Bars && c.Kind != chart.Stacked || largest == 0 {
			return
		}
		perUnit := 0.0
		for _, bar := range drawn.FindAllStringSubmatch(string(svg), -1) {
			height, _ := strconv.ParseFloat(bar[1], 64)
			value, _ := strconv.ParseFloat(bar[2], 64)
			require.LessOrEqual(t, height, 152.0)
			if value > float64(largest)/2 {
				perUnit = height / value
			}
		}
		for _, bar := range drawn.FindAllStringSubmatch(string(svg), -1) {
			height, _ := strconv.ParseFloat(bar[1], 64)
			value, _ := strconv.ParseFloat(bar[2], 64)
			if perUnit > 0 && math.Abs(height-value*perUnit) > 0.5 {
				t.Fatalf("%v is %v high, and %v a unit", value, height, perUnit)
			}
		}
	})
}

func TestValuesAreWrittenAsTheLanguageDoes(t *testing.T) {
	for _, c := range []struct {
		unit    chart.Unit
		value   int64
		en, ptB string
	}{
		{chart.Count, 1234567, "1,234,567", "1.234.567"},
		{chart.PerMille, 975, "97.5%", "97,5%"},
		{chart.PerMille, 1000, "100%", "100%"},
		{chart.Seconds, 5400, "1.5 h", "1,5 h"},
		{chart.Seconds, 86400 * 5 / 2, "2.5 d", "2,5 d"},
		{chart.Seconds, 0, "0 h", "0 h"},
	} {
		for locale, want := range map[string]string{"en": c.en, "pt-BR": c.ptB} {
			table, err := chart.Chart{
				Unit:   c.unit,
				Labels: []string{"x"},
				Series: []chart.Series{{Values: []chart.Value{chart.Known(c.value)}}},
			}.Table(messages.In(locale))
			require.NoError(t, err)
			require.Contains(t, string(table), ">"+want+"</data>")
		}
	}
}
