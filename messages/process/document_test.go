package process_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	. "roomcover.dev/roomcover/messages/process"
	"roomcover.dev/roomcover/rules/processes"
)

var update = flag.Bool("update", false, "write docs/processes.md and docs/processes.pt-BR.md anew")

// documents are the two files by locale, with what stands around charts and sentences.
var documents = map[string]struct {
	path, title, how, columns, waiting string
}{
	"en": {
		path:  "../../docs/processes.md",
		title: "Processes",
		how: "The charts are drawn from the transition tables of package `rules` and the sentences come from the\n" +
			"catalog (`messages/en/process.json`); `go test ./messages/process -update` writes this file, and\n" +
			"the same test fails where it has drifted. Days are those of the default program; `roomcover ps` says\n" +
			"of each process under way its own, and [the same stands here in Portuguese](processes.pt-BR.md).",
		columns: "| State | What it waits for, until when, and what comes then | Who can move it |",
		waiting: "%s, waiting for %s",
	},
	"pt-BR": {
		path:  "../../docs/processes.pt-BR.md",
		title: "Processos",
		how: "Os diagramas vêm das tabelas de transição do pacote `rules` e as frases vêm do catálogo\n" +
			"(`messages/pt-BR/process.json`); `go test ./messages/process -update` escreve este arquivo, e o mesmo\n" +
			"teste falha quando ele está desatualizado. Os prazos são os do programa padrão; `roomcover ps --lang pt-BR`\n" +
			"diz os de cada processo em andamento, e [o mesmo está aqui em inglês](processes.md).",
		columns: "| Estado | O que aguarda, até quando e o que vem depois | Quem pode movê-lo |",
		waiting: "%s, à espera de %s",
	},
}

func TestS55_TheDocumentShowsEveryProcessAsItIs(t *testing.T) {
	for locale, d := range documents {
		var text strings.Builder
		fmt.Fprintf(&text, "# %s\n\n%s\n", d.title, d.how)
		for _, c := range processes.Charts() {
			fmt.Fprintf(&text, "\n## %s\n\n```mermaid\n%s```\n\n%s\n|---|---|---|\n",
				Title(c, locale), c.Mermaid(""), d.columns)
			for _, state := range c.States {
				writeState(&text, c, state, locale, d.waiting)
			}
		}
		if *update {
			require.NoError(t, os.WriteFile(d.path, []byte(text.String()), 0o644))
		}
		stored, err := os.ReadFile(d.path)
		require.NoError(t, err)
		require.Equal(t, text.String(), string(stored), "run go test ./messages/process -update")
	}
}

// writeState writes a line of the table for a state, and one for each other thing that is
// waited for in it.
func writeState(text *strings.Builder, c processes.Chart, state, locale, waiting string) {
	said := ""
	for _, wait := range append([]string{""}, c.Waits(state)...) {
		key := c.Text(state, wait)
		if key == said {
			continue
		}
		name := "`" + state + "`"
		if said != "" {
			name = fmt.Sprintf(waiting, name, "`"+wait+"`")
		}
		said = key
		waits, who := Texts(c, state, wait, "", locale)
		fmt.Fprintf(text, "| %s | %s | %s |\n", name, waits, who)
	}
}
