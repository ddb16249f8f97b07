package mail

import (
	"fmt"
	"strings"
	"time"

	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

// functions are what templates can call, in the locale's language.
func functions(locale string) map[string]any {
	printer := message.NewPrinter(language.MustParse(locale))
	number := func(n int) string { return printer.Sprintf("%d", n) }
	return map[string]any{
		"number": number,
		// count "licence" "licences" 3 is "3 licences".
		"count": func(one, many string, n int) string {
			if n == 1 {
				many = one
			}
			return number(n) + " " + many
		},
		"role":   func(code any) (string, error) { return named(roles, code, locale) },
		"reason": func(code string) string { return namedOrCode(reasons, code, locale) },
		// pick "portuguese" "english" is for the layout, which both share.
		"pick": func(portuguese, english string) string {
			if locale == "pt-BR" {
				return portuguese
			}
			return english
		},
		"dict": func(pairs ...any) map[string]any {
			out := map[string]any{}
			for i := 0; i+1 < len(pairs); i += 2 {
				out[pairs[i].(string)] = pairs[i+1]
			}
			return out
		},
		"underline": func(s string) string { return strings.Repeat("=", len([]rune(s))) },
	}
}

// Words for codes, in Portuguese and English.
var (
	roles = map[string][2]string{
		"ADMIN":     {"administrador", "administrator"},
		"READ_ONLY": {"somente leitura", "read-only"},
	}
	services = map[string][2]string{
		"SYNC_PLUS":    {"Sync Plus", "Sync Plus"},
		"EXT_WARRANTY": {"Garantia estendida", "Extended warranty"},
		"JUMPSTART":    {"JumpStart", "JumpStart"},
	}
	reasons = map[string][2]string{
		"RESELLER_NOT_AUTHORISED":       {"O revendedor não está autorizado", "The reseller is not authorised"},
		"AMBIGUOUS_ACCOUNT":             {"Mais de uma conta corresponde ao cliente", "More than one account matches the customer"},
		"CONTACT_AT_RESELLER_DOMAIN":    {"O e-mail do cliente final é do domínio do revendedor", "The end customer's e-mail is at the reseller's domain"},
		"CONTACT_AT_DISTRIBUTOR_DOMAIN": {"O e-mail do cliente final é do domínio do distribuidor", "The end customer's e-mail is at the distributor's domain"},
		"CONTACT_AT_FREE_MAIL":          {"O e-mail do cliente final é de um provedor gratuito", "The end customer's e-mail is at a free mail provider"},
		"PURCHASE_DATE_IN_FUTURE":       {"A data da compra está no futuro", "The purchase date is in the future"},
	}
)

// named gives a code's words; an unknown code is an error, because the mail
// would tell its reader something wrong.
func named(words map[string][2]string, code any, locale string) (string, error) {
	s, _ := code.(string)
	w, ok := words[strings.ToUpper(s)]
	if !ok {
		return "", fmt.Errorf("there are no words for the code %q", s)
	}
	if locale == "pt-BR" {
		return w[0], nil
	}
	return w[1], nil
}

// namedOrCode is for codes that are readable enough by themselves.
func namedOrCode(words map[string][2]string, code, locale string) string {
	if w, err := named(words, code, locale); err == nil {
		return w
	}
	return code
}

var portugueseMonths = [...]string{"janeiro", "fevereiro", "março", "abril", "maio", "junho",
	"julho", "agosto", "setembro", "outubro", "novembro", "dezembro"}

// noBreak is the blank at which no line ends.
const noBreak = "\u00a0"

// longDate is "22 de dezembro de 2026" or "22 December 2026"; the first of a
// month is an ordinal in Portuguese. A line may end before the year only.
func longDate(d time.Time, locale string) string {
	if locale != "pt-BR" {
		return d.Format("2" + noBreak + "January 2006")
	}
	day := fmt.Sprint(d.Day())
	if d.Day() == 1 {
		day = "1º"
	}
	return fmt.Sprintf("%s"+noBreak+"de"+noBreak+"%s de"+noBreak+"%d", day, portugueseMonths[d.Month()-1], d.Year())
}
