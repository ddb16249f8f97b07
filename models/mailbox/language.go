package mailbox

import "regexp"

// portuguese are words that Portuguese mails have and English ones have not.
var portuguese = regexp.MustCompile(`(?i)(^|[^\p{L}])(não|nao|você|vocês|para|convite|olá|ola|` +
	`obrigad[oa]|bom dia|boa tarde|pedido|sala|garantia|por favor|preciso|uma|com|dos|que|meu|` +
	`minha)([^\p{L}]|$)`)

// localeOf is the language in which a mail is answered.
func localeOf(text string) string {
	if portuguese.MatchString(text) {
		return "pt-BR"
	}
	return "en"
}
