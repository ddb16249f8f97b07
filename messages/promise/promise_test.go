package promise_test

import (
	"testing"
	"time"

	"cloud.google.com/go/civil"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"roomcover.dev/roomcover/messages/promise"
	"roomcover.dev/roomcover/rules/calendar"
)

// office is a calendar of five days a week with the holidays given.
func office(holidays ...string) calendar.Calendar {
	weekend := []calendar.Weekday{calendar.Saturday, calendar.Sunday}
	c := calendar.Calendar{
		Code:     "XX",
		Weekend:  weekend,
		Hours:    calendar.DefaultHours(weekend),
		Holidays: map[civil.Date]string{},
	}
	for _, h := range holidays {
		d, err := civil.ParseDate(h)
		if err != nil {
			panic(err)
		}
		c.Holidays[d] = "Holiday of " + h
	}
	return c
}

var brazil = office("2026-09-07", "2026-10-12", "2026-11-02", "2026-12-25", "2027-01-01")

// promised is what an approval in São Paulo promises; the cut-off is at 15:00.
func promised(t require.TestingT, c calendar.Calendar, approved string, speed calendar.RMASpeed) calendar.Promise {
	zone, err := time.LoadLocation("America/Sao_Paulo")
	require.NoError(t, err)
	at, err := time.ParseInLocation(time.DateTime, (approved + ":00")[:19], zone)
	require.NoError(t, err)
	p, err := calendar.PromiseReplacement(calendar.PromiseRequest{
		ApprovedAt: at,
		Zone:       zone,
		Speed:      speed,
		Calendar:   c,
		CutOff:     "15:00",
	})
	require.NoError(t, err)
	return p
}

func TestV6_V7_S20_TheSentenceNamesTheCutOffAndTheHoliday(t *testing.T) {
	p := promised(t, brazil, "2026-09-04 14:00", calendar.SpeedNBD)
	require.Equal(t, "approved Friday at 14:00, by the 15:00 cutoff; Monday is a holiday; promised for Tuesday", promise.Text(p, "en"))
	p = promised(t, brazil, "2026-09-04 15:01", calendar.SpeedNBD)
	require.Equal(t, "approved Friday at 15:01, after the 15:00 cutoff; Monday is a holiday; promised for Wednesday",
		promise.Text(p, "en"))
	require.Equal(t,
		"aprovada na sexta-feira às 15:01, após o horário-limite das 15:00; segunda-feira é feriado; data prometida: quarta-feira",
		promise.Text(p, "pt-BR"))
}

func TestC3_TheSentenceSaysWhereNoHolidaysAreLoaded(t *testing.T) {
	for name, c := range map[string]struct {
		calendar calendar.Calendar
		speed    calendar.RMASpeed
		en, pt   string
	}{
		"none": {
			office(), calendar.SpeedNBD,
			"approved Friday at 14:00, by the 15:00 cutoff; public holidays not taken into account; promised for Monday",
			"aprovada na sexta-feira às 14:00, até o horário-limite das 15:00; sem considerar os feriados do país; data prometida: segunda-feira",
		},
		"those of past years only": {
			office("2025-09-07", "2026-09-03"), calendar.SpeedNBD,
			"approved Friday at 14:00, by the 15:00 cutoff; public holidays not taken into account; promised for Monday",
			"aprovada na sexta-feira às 14:00, até o horário-limite das 15:00; sem considerar os feriados do país; data prometida: segunda-feira",
		},
		"none, several days": {
			office(), "3BD",
			"approved Friday at 14:00, by the 15:00 cutoff; delivery takes 3 business days; public holidays not taken into account; promised for Wednesday",
			"aprovada na sexta-feira às 14:00, até o horário-limite das 15:00; prazo de 3 dias úteis; " +
				"sem considerar os feriados do país; data prometida: quarta-feira",
		},
		"none, and no day promised": {
			office(), calendar.SpeedStandard,
			"approved Friday at 14:00, by the 15:00 cutoff; the coverage promises no delivery date",
			"aprovada na sexta-feira às 14:00, até o horário-limite das 15:00; a cobertura não prevê data de entrega",
		},
		"known, though none is near": {
			office("2027-09-03"), calendar.SpeedNBD,
			"approved Friday at 14:00, by the 15:00 cutoff; promised for Monday",
			"aprovada na sexta-feira às 14:00, até o horário-limite das 15:00; data prometida: segunda-feira",
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := promised(t, c.calendar, "2026-09-04 14:00", c.speed)
			require.Equal(t, c.en, promise.Text(p, "en"))
			require.Equal(t, c.pt, promise.Text(p, "pt-BR"))
		})
	}
}

func TestR78c_TheSentenceOfStandardSpeedNamesNoDay(t *testing.T) {
	p := promised(t, brazil, "2026-09-04 14:00", calendar.SpeedStandard)
	require.Equal(t, "approved Friday at 14:00, by the 15:00 cutoff; the coverage promises no delivery date",
		promise.Text(p, "en"))
}

func TestS20_PromiseIsToldInBothLanguages(t *testing.T) {
	goldenWeek := office("2026-10-01", "2026-10-02", "2026-10-05")
	for _, c := range []struct {
		calendar calendar.Calendar
		approved string
		speed    calendar.RMASpeed
		en, pt   string
	}{
		{
			calendar: brazil,
			approved: "2026-09-02 15:00",
			speed:    calendar.SpeedNBD,
			en:       "approved Wednesday at 15:00, by the 15:00 cutoff; promised for Thursday",
			pt:       "aprovada na quarta-feira às 15:00, até o horário-limite das 15:00; data prometida: quinta-feira",
		},
		{
			calendar: brazil,
			approved: "2026-09-02 09:40:28",
			speed:    calendar.SpeedNBD,
			en:       "approved Wednesday at 09:40, by the 15:00 cutoff; promised for Thursday",
			pt:       "aprovada na quarta-feira às 09:40, até o horário-limite das 15:00; data prometida: quinta-feira",
		},
		{
			calendar: brazil,
			approved: "2026-09-02 15:00:01",
			speed:    calendar.SpeedNBD,
			en:       "approved Wednesday at 15:00:01, after the 15:00 cutoff; promised for Friday",
			pt:       "aprovada na quarta-feira às 15:00:01, após o horário-limite das 15:00; data prometida: sexta-feira",
		},
		{
			calendar: brazil,
			approved: "2026-09-05 09:05",
			speed:    calendar.SpeedNBD,
			en:       "approved Saturday at 09:05, which is not a business day; Monday is a holiday; counted from Tuesday; promised for Wednesday",
			pt:       "aprovada no sábado às 09:05, que não é dia útil; segunda-feira é feriado; prazo contado a partir de terça-feira; data prometida: quarta-feira",
		},
		{
			calendar: brazil,
			approved: "2026-09-07 09:00",
			speed:    calendar.SpeedNBD,
			en:       "approved Monday at 09:00, which is a holiday; counted from Tuesday; promised for Wednesday",
			pt:       "aprovada na segunda-feira às 09:00, que é feriado; prazo contado a partir de terça-feira; data prometida: quarta-feira",
		},
		{
			calendar: brazil,
			approved: "2026-09-04 14:00",
			speed:    "3BD",
			en:       "approved Friday at 14:00, by the 15:00 cutoff; Monday is a holiday; delivery takes 3 business days; promised for Thursday",
			pt:       "aprovada na sexta-feira às 14:00, até o horário-limite das 15:00; segunda-feira é feriado; prazo de 3 dias úteis; data prometida: quinta-feira",
		},
		{
			calendar: goldenWeek,
			approved: "2026-09-30 16:00",
			speed:    calendar.SpeedNBD,
			en:       "approved Wednesday at 16:00, after the 15:00 cutoff; Thursday, Friday and Monday are holidays; promised for Wednesday 7 October",
			pt:       "aprovada na quarta-feira às 16:00, após o horário-limite das 15:00; quinta-feira, sexta-feira e segunda-feira são feriados; data prometida: quarta-feira, 7 de outubro",
		},
		{
			calendar: goldenWeek,
			approved: "2026-09-06 16:00",
			speed:    calendar.SpeedStandard,
			en:       "approved Sunday at 16:00, which is not a business day; the coverage promises no delivery date",
			pt:       "aprovada no domingo às 16:00, que não é dia útil; a cobertura não prevê data de entrega",
		},
	} {
		p := promised(t, c.calendar, c.approved, c.speed)
		require.Equal(t, c.en, promise.Text(p, "en"))
		require.Equal(t, c.en, promise.Text(p, "de"))
		require.Equal(t, c.pt, promise.Text(p, "pt-BR"))
	}
	require.Empty(t, promise.Text(calendar.Promise{}, "en"))
}

func TestS21_TheReasonOfABackorderIsTheDayOfTheUnit(t *testing.T) {
	for _, c := range []struct{ expected, en, pt string }{
		{
			"2026-09-05 00:00",
			"device expected Saturday 5 September, which is not a business day; Monday is a holiday; " +
				"counted from Tuesday; promised for Wednesday",
			"equipamento previsto para sábado, 5 de setembro, que não é dia útil; segunda-feira é feriado; " +
				"prazo contado a partir de terça-feira; data prometida: quarta-feira",
		},
		{
			"2026-09-02 00:00",
			"device expected Wednesday 2 September; promised for Thursday",
			"equipamento previsto para quarta-feira, 2 de setembro; data prometida: quinta-feira",
		},
	} {
		p := promised(t, brazil, c.expected, calendar.SpeedNBD).CountedFromUnit()
		require.Equal(t, c.en, promise.Text(p, "en"))
		require.Equal(t, c.pt, promise.Text(p, "pt-BR"))
	}
}

// No promise that the rules can make leaves a gap in its sentence.
func TestS20_EverySentenceIsComplete(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := office()
		for _, n := range rapid.SliceOfN(rapid.IntRange(-3, 60), 0, 40).Draw(t, "holidays") {
			c.Holidays[civil.Date{Year: 2026, Month: time.September, Day: 4}.AddDays(n)] = "x"
		}
		approved := time.Date(2026, time.September, rapid.IntRange(1, 14).Draw(t, "day"),
			rapid.IntRange(0, 23).Draw(t, "hour"), 30, 0, 0, time.UTC)
		speed := rapid.SampledFrom([]calendar.RMASpeed{calendar.SpeedNBD, calendar.SpeedStandard, "3BD", "12BD"}).Draw(
			t, "speed",
		)
		p := promised(t, c, approved.Format(time.DateTime), speed)
		for _, locale := range []string{"en", "pt-BR"} {
			require.NotRegexp(t, `[{}%]|promise\.|month\.`, promise.Text(p, locale))
		}
	})
}
