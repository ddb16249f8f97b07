package chart

import (
	"math"

	"roomcover.dev/roomcover/messages"
)

// scale is how values become heights and texts.
type scale struct {
	language *messages.Language
	unit     Unit
	step     int64 // what a whole number stands for: a minute, an hour, a day, or one
	top      int64 // the highest line of the grid
	max      float64
}

const (
	aMinute = 60
	anHour  = 3600
	aDay    = 24 * anHour
)

// scale fits all values of the chart.
func (c Chart) scale(l *messages.Language) scale {
	s := scale{language: l, unit: c.Unit, step: 1}
	for i := range c.Labels {
		sum := 0.0
		for _, series := range c.Series {
			value, _ := series.at(i)
			if c.Kind != Stacked {
				sum = 0
			}
			sum += float64(value)
			s.max = max(s.max, sum)
		}
	}

	switch {
	case c.Unit == PerMille:
		s.top = 1000
		return s
	case c.Unit == Seconds && s.max >= 2*aDay:
		s.step = aDay
	case c.Unit == Seconds && s.max > 0 && s.max < 2*aMinute:
		s.step = 1
	case c.Unit == Seconds && s.max > 0 && s.max < anHour:
		s.step = aMinute
	case c.Unit == Seconds:
		s.step = anHour
	}

	s.top = s.step * roundUp(s.max/float64(s.step))
	return s
}

// roundUp is the next of 1, 2, 5, 10, 20, 50 and so on.
func roundUp(n float64) int64 {
	for power := int64(1); power <= math.MaxInt64/100; power *= 10 {
		for _, digit := range []int64{1, 2, 5} {
			if n <= float64(digit*power) {
				return digit * power
			}
		}
	}
	return math.MaxInt64
}

// ticks are the values of the lines of the grid.
func (s scale) ticks() []int64 {
	if half := s.top / 2; half*2 == s.top && half%s.step == 0 {
		return []int64{0, half, s.top}
	}
	return []int64{0, s.top}
}

// y is how high a value stands.
func (s scale) y(value float64) tenths {
	return bottom - tenths(math.Round(value/float64(s.top)*(bottom-top)))
}

// largest is the largest value; one where nothing is larger than nothing.
func (s scale) largest() float64 { return max(s.max, 1) }

// text is a value as people read it.
func (s scale) text(value int64) string {
	switch {
	case s.unit == PerMille:
		return s.language.Say("chart.percent", messages.Args{"number": s.tenths(value)})
	case s.unit == Seconds && s.step == aDay:
		number := s.tenths(tenthsOf(value, aDay))
		return s.language.Say("chart.days", messages.Args{"number": number})
	case s.unit == Seconds && s.step == aMinute:
		number := s.tenths(tenthsOf(value, aMinute))
		return s.language.Say("chart.minutes", messages.Args{"number": number})
	case s.unit == Seconds && s.step == 1:
		number := s.language.Number(value)
		return s.language.Say("chart.seconds", messages.Args{"number": number})
	case s.unit == Seconds:
		number := s.tenths(tenthsOf(value, anHour))
		return s.language.Say("chart.hours", messages.Args{"number": number})
	}
	return s.language.Number(value)
}

// tenthsOf rounds to tenths of a unit.
func tenthsOf(value, unit int64) int64 {
	return value/unit*10 + (value%unit*10+unit/2)/unit
}

// tenths writes a number with its tenth, where it has one.
func (s scale) tenths(n int64) string {
	whole := s.language.Number(n / 10)
	if n%10 == 0 {
		return whole
	}
	return s.language.Say("chart.tenths", messages.Args{
		"whole": whole,
		"tenth": string(rune('0' + n%10)),
	})
}

// decimal writes a number of tenths for programs.
func decimal(n int64, point string) string {
	sign := ""
	if n < 0 {
		sign, n = "-", -n
	}
	digits := []byte{}
	for whole := n / 10; whole > 0 || len(digits) == 0; whole /= 10 {
		digits = append([]byte{byte('0' + whole%10)}, digits...)
	}
	return sign + string(digits) + point + string(rune('0'+n%10))
}

// cell is a value of the table.
type cell struct {
	Known bool
	Value int64
	Text  string
}

// line is a row of the table.
type line struct {
	Label string
	Cells []cell
}

type tabulated struct {
	Chart
	Lines []line
	Sums  *line // nil: the values do not add up
	Empty string
}

// tabulate lays the table out: a row for each label.
func (c Chart) tabulate(l *messages.Language) tabulated {
	t := tabulated{Chart: c}
	if !c.known() {
		t.Empty = l.Say("chart.empty")
	}

	s := c.scale(l)
	sums := make([]int64, len(c.Series))
	for i, label := range c.Labels {
		row := line{Label: label}
		for j, series := range c.Series {
			value, known := series.at(i)
			sums[j] += value
			text := l.Say("chart.none")
			if known {
				text = s.text(value)
			}
			row.Cells = append(row.Cells, cell{known, value, text})
		}
		t.Lines = append(t.Lines, row)
	}

	if c.Unit == Count {
		t.Sums = &line{Label: l.Say("chart.sum")}
		for _, sum := range sums {
			t.Sums.Cells = append(t.Sums.Cells, cell{true, sum, s.text(sum)})
		}
	}

	return t
}
