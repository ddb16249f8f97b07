package process_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/messages"
	. "roomcover.dev/roomcover/messages/process"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/processes"
	"roomcover.dev/roomcover/rules/rma"
)

func TestS55_EveryStateOfEveryProcessSaysWhatItWaitsForAndWhoCanMoveIt(t *testing.T) {
	for _, locale := range messages.Locales() {
		for _, c := range processes.Charts() {
			require.NotContains(t, Title(c, locale), ".")
			for _, state := range c.States {
				for _, wait := range append([]string{""}, c.Waits(state)...) {
					waits, who := Texts(c, state, wait, "", locale)
					requireSentences(t, waits, locale, c.Name, state, wait)
					requireSentences(t, who, locale, c.Name, state, wait)
				}
			}
		}
	}
}

func TestS55_EverythingUnderWaySpeaks(t *testing.T) {
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	until := now.AddDate(0, 0, 3)
	for _, locale := range messages.Locales() {
		for _, s := range processes.Situations() {
			standing := Standing{s.Kind, s.State, s.WaitsFor, nil, "America/Sao_Paulo"}
			requireSentences(t, Sentence(standing, now, locale), locale, string(s.Kind), s.State, s.WaitsFor)
			standing.Until = &until
			requireSentences(t, Sentence(standing, now, locale), locale, string(s.Kind), s.State, s.WaitsFor)
		}
	}
	require.Empty(t, Sentence(Standing{Kind: processes.Task}, now, "en"), "a task speaks for itself")
}

// What waits for different things in one state says so.
func TestS55_EachWaitHasASentenceOfItsOwn(t *testing.T) {
	for _, locale := range messages.Locales() {
		for _, c := range processes.Charts() {
			for _, state := range c.States {
				said := map[string]string{}
				for _, wait := range c.Waits(state) {
					waits, _ := Texts(c, state, wait, "", locale)
					require.Empty(t, said[waits], "%s %s %s in %s", c.Name, state, wait, locale)
					said[waits] = wait
				}
			}
		}
	}
}

func requireSentences(t *testing.T, text string, of ...string) {
	t.Helper()
	require.Regexp(t, `^\p{Lu}.*\.$`, text, of)
	require.NotContains(t, text, "{", of)
	require.NotContains(t, text, "process.", of)
	require.NotRegexp(t, `[A-Z]{2}_?[A-Z]`, text, "no state's name in a sentence: %v", of)
}

// An order in review, seen at several times.
func TestS55_SentenceSaysUntilWhenInTheTimeOfThePlace(t *testing.T) {
	end := time.Date(2026, 12, 5, 3, 0, 0, 0, time.UTC) // midnight in São Paulo
	review := Standing{
		Kind:     processes.Order,
		State:    string(rules.OrderNeedsReview),
		WaitsFor: processes.WaitsForDecision,
		Until:    &end,
		Zone:     "America/Sao_Paulo",
	}
	for _, seen := range []struct {
		at       string
		locale   string
		sentence string
	}{
		{
			"2026-11-25T12:00:00Z",
			"en",
			"Waiting for an operator to accept or reject the order by Fri 4 Dec in São Paulo; " +
				"after that it is rejected automatically and the reseller is told. " +
				"An operator can accept or reject it, stating a reason.",
		},
		{
			"2026-11-25T12:00:00Z",
			"pt-BR",
			"Aguardando um operador aceitar ou recusar o pedido até sex., 4 dez. em São Paulo; " +
				"depois disso, o pedido é recusado automaticamente e o revendedor é avisado. " +
				"Um operador pode aceitar ou recusar o pedido, informando o motivo.",
		},
		{"2026-10-25T12:00:00Z", "en", "by 4 Dec 2026 in São Paulo;"},
		{"2026-12-05T01:00:00Z", "en", "by Fri 4 Dec in São Paulo (in 2 h);"},
		{"2026-12-05T02:59:00Z", "pt-BR", "até sex., 4 dez. em São Paulo (em 1 min);"},
		{"2026-12-05T03:12:00Z", "en", "by Fri 4 Dec in São Paulo (12 min late);"},
		{"2026-12-05T09:00:00Z", "pt-BR", "até sex., 4 dez. em São Paulo (6 h de atraso);"},
		{"2026-12-06T09:00:00Z", "en", "by Fri 4 Dec in São Paulo (1 day late);"},
		{"2026-12-08T09:00:00Z", "pt-BR", "até sex., 4 dez. em São Paulo (3 dias de atraso);"},
	} {
		now, err := time.Parse(time.RFC3339, seen.at)
		require.NoError(t, err)
		require.Contains(t, Sentence(review, now, seen.locale), seen.sentence, seen.at)
	}

	noon := time.Date(2026, 12, 2, 17, 0, 0, 0, time.UTC)
	now := noon.AddDate(0, 0, -5)
	parcel := Standing{processes.RMA, string(rma.RMAShipped), processes.WaitsForDelivery, &noon, "Europe/Oslo"}
	require.Contains(t, Sentence(parcel, now, "en"), "promised by Wed 2 Dec, 18:00 in Oslo;")
	parcel.Zone = ""
	require.Contains(t, Sentence(parcel, now, "pt-BR"), "prometido até qua., 2 dez., 17:00 UTC;")
	parcel.Until = nil
	require.Contains(t, Sentence(parcel, now, "en"), "for which the coverage promises no delivery date;")
}

func TestPlacesAreNamedAsPeopleDo(t *testing.T) {
	en, pt := messages.In("en"), messages.In("pt-BR")
	require.Equal(t, "in New York", en.Place("America/New_York"))
	require.Equal(t, "em Nova York", pt.Place("America/New_York"))
	require.Equal(t, "na Cidade do México", pt.Place("America/Mexico_City"))
	require.Equal(t, "in Indianapolis", en.Place("America/Indiana/Indianapolis"))
	require.Equal(t, "em Porto Velho", pt.Place("America/Porto_Velho"))
	for _, country := range rules.Countries() {
		require.NotContains(t, en.Place(rules.TimeZoneFor(country, "")), "_")
		require.False(t, strings.HasPrefix(pt.Place(rules.TimeZoneFor(country, "")), "place"))
	}
}
