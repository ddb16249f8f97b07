package messages

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// masculineForms are the words that a text may write before a name, "{da company}", with
// what they become where the name is masculine. Portuguese says "da Acme", a company's, but
// "do Hospital Central".
var masculineForms = map[string]string{
	"a":  "o",
	"da": "do",
}

// masculineNames are the first words of names that are masculine in Portuguese, without
// accents. Any other name goes as a company's, a empresa.
var masculineNames = setOf(`
	abrigo aeroporto ambulatorio armazem arquivo asilo atacadao atacado atelier auto
	banco batalhao bradesco
	cafe canal cartorio centro circulo clube colegiado colegio comando comite complexo
	condominio conselho conservatorio consorcio consulado convento corpo correio curso
	departamento detran diario diretorio distrito
	edificio empreendimento emporio escritorio espaco estadio estado estaleiro estudio
	exercito externato
	fleury forum frigorifico fundo
	gabinete ginasio governo gremio grupo
	hemocentro hipermercado hospital hotel
	ifood inmetro instituto internato itau
	jardim jockey jornal
	laboratorio lar liceu
	magazine memorial mercado minimercado ministerio moinho mosteiro movimento municipio museu
	nubank nucleo
	observatorio orfanato
	palacio parque partido planetario polo porto posto programa projeto pronto-socorro
	restaurante resort residencial
	sanatorio santander sebrae seminario senac senado senai sesc sesi shopping sindicato sistema
	sport spa studio supermercado supremo
	tabelionato teatro terminal theatro tribunal
	zoologico`)

func setOf(words string) map[string]bool {
	set := map[string]bool{}
	for _, word := range strings.Fields(words) {
		set[word] = true
	}
	return set
}

// ArticleFor returns an article of masculineForms as it stands before a name: "da" before
// Acme, "do" before Hospital Central.
func ArticleFor(article, name string) string {
	first, _, _ := strings.Cut(strings.TrimSpace(name), " ")
	first = strings.Trim(withoutAccents(first), `.,;:"'“”()`)
	if masculineNames[first] {
		return masculineForms[article]
	}
	return article
}

func withoutAccents(word string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFD.String(word))
}

// Named is a value that is not shown as the name it stands for, such as a mark in whose
// place markup comes.
type Named interface{ Name() string }

var markupTag = regexp.MustCompile(`<[^>]*>`)

// nameOf returns the name that a placeholder's value shows.
func nameOf(value any) string {
	if named, ok := value.(Named); ok {
		value = named.Name()
	}
	return markupTag.ReplaceAllString(fmt.Sprint(value), "")
}
