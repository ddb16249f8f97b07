package messages

import (
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

func TestPortugueseArticlesFollowTheNameOfACompany(t *testing.T) {
	for name, want := range map[string]string{
		"Acme Indústria Ltda":            "da",
		"Andina Telecom S.A.":            "da",
		"Universidade de São Paulo":      "da",
		"Santa Casa de Misericórdia":     "da",
		"Bancorp Serviços":               "da",
		"":                               "da",
		"Banco do Norte S.A.":            "do",
		"GRUPO ALFA":                     "do",
		"  Hospital Central":             "do",
		"Instituto de Pesquisas":         "do",
		"Colégio Santo Inácio":           "do",
		"Colegio Santo Inacio":           "do",
		"Laborato\u0301rio Vita":         "do",
		"Condomínio Parque Sul":          "do",
		"Hotel Atlântico Ltda":           "do",
		"Centro de Convenções":           "do",
		"Clube Náutico":                  "do",
		"Tribunal de Justiça":            "do",
		"Ministério da Saúde":            "do",
		"Município de Campinas":          "do",
		"Consórcio Rio Norte":            "do",
		"Escritório Lima & Souza":        "do",
		"Supermercado Bom Dia":           "do",
		"Shopping Vila Nova":             "do",
		"“Grupo” Beta":                   "do",
		"Associação dos Bancos":          "da",
		"Secretaria da Fazenda":          "da",
		"Distribuidora Norte":            "da",
		"Hospitalar Equipamentos Ltda":   "da",
		"Companhia do Metrô":             "da",
		"Cooperativa Central dos Bancos": "da",
	} {
		require.Equal(t, want, ArticleFor("da", name), name)
		require.Equal(t, want == "do", ArticleFor("a", name) == "o", name)
	}
}

func TestATextPutsTheArticleBeforeTheName(t *testing.T) {
	l := In("pt-BR")
	require.Equal(t, "Quem tem acesso à conta da Acme.", l.Say("colleagues.lead", Args{"company": "Acme"}))
	require.Equal(t, "Quem tem acesso à conta do Hospital Central.",
		l.Say("colleagues.lead", Args{"company": "Hospital Central"}))
	require.Equal(t, "Who has access to the account of Hospital Central.",
		In("en").Say("colleagues.lead", Args{"company": "Hospital Central"}))
}

// No text writes an article before a company's name by itself.
func TestNoTextGuessesAnArticle(t *testing.T) {
	for key, text := range languages()["pt-BR"].texts {
		for _, words := range text.wordings() {
			require.NotRegexp(t, `\b([Dd][ao]|[AaOo]|[Nn][ao]|[Pp]el[ao]|[Àà]) \{(company|reseller|seller|distributor)\}`, words, key)
		}
	}
}

func TestAnUnknownArticleIsRefused(t *testing.T) {
	_, err := read(fstest.MapFS{"en/x.json": {Data: []byte(`{"a": "of {the company}"}`)}}, "en")
	require.ErrorContains(t, err, "the company")
}
