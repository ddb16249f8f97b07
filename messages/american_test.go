package messages

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

// british finds spellings that American readers would call mistakes. Names of keys and of
// values in the API keep the spelling with which they were published.
var british = regexp.MustCompile(`(?i)\b(\w*licence\w*|\w*[lb]elled|\w*ravell\w+|\w*cancell(ed|ing|er)\w*|fulfil|fulfils|fulfilment|` +
	`\w*(author|recogn|organ|apolog|real|initial|final|normal|minim|maxim|summar|util|custom|priorit|critic|emphas)is(e|es|ed|ing|ation|ations)|` +
	`\w*(colour|behaviour|favour|honour|labour|neighbour|rumour)\w*|\w*(centre|metre|litre|theatre)s?|grey|catalogues?|dialogue|` +
	`cheques?|programmes?|whilst|amongst|learnt|defence|offence|practise\w*|storey|tyres?|enquir\w+|judgement|artefact\w*|` +
	`analys(e|es|ed|ing))\b`)

func TestEnglishIsAmerican(t *testing.T) {
	for _, spelling := range []string{
		"licence", "Licences", "cancelled", "authorised", "recognise", "organisations", "fulfilment", "Labelled",
	} {
		require.Regexp(t, british, spelling)
	}
	for _, spelling := range []string{"license", "cancellation", "promised", "otherwise", "yours", "fulfilled"} {
		require.NotRegexp(t, british, spelling)
	}

	for key, text := range languages()["en"].texts {
		for _, words := range text.wordings() {
			require.NotRegexp(t, british, placeholder.ReplaceAllString(words, ""), key)
		}
	}

	content, err := os.ReadFile("../rules/subjects.json")
	require.NoError(t, err)
	var subjects map[string]map[string]string
	require.NoError(t, json.Unmarshal(content, &subjects))
	require.NotEmpty(t, subjects)
	for template, forms := range subjects {
		require.NotRegexp(t, british, forms["en"], template)
	}
}

// codeOf finds what documents show as code, where names keep their spelling.
var codeOf = regexp.MustCompile("(?s)```.*?```|`[^`\n]*`|\\]\\([^)]*\\)")

func TestTheDocumentsAreAmerican(t *testing.T) {
	var documents []string
	for _, folder := range []string{"../docs", "../docs/decisions", "../api/operations", "../portal/help/en", ".."} {
		found, err := filepath.Glob(folder + "/*.md")
		require.NoError(t, err)
		documents = append(documents, found...)
	}
	require.Greater(t, len(documents), 50)

	for _, document := range documents {
		text, err := os.ReadFile(document)
		require.NoError(t, err)
		require.NotRegexp(t, british, codeOf.ReplaceAllString(string(text), ""), document)
	}
}
