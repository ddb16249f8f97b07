// Package messages is the catalogue of every sentence that a person reads: on
// pages, in mails, on papers that go with a parcel, in promises. A text stands
// once per language, in a file of its subject (en/portal.json, pt-BR/portal.json),
// under a key that both languages share.
//
// A text is a string with named {placeholders}, or, where it gives a number of
// things, an object with the forms that the language has for counted things:
//
//	"term": {"one": "{n} year", "other": "{n} years"}
//
// Portuguese counts zero as one ("0 licença"), as Unicode's CLDR says. A text
// that is read another way says so with the form "=0".
//
// A Portuguese text that needs an article before the name of a company writes it into the
// placeholder, "a conta {da company}": it then reads "da Acme" and "do Hospital Central".
//
// The package builds on golang.org/x/text: message and message/catalog hold and
// print the texts, feature/plural chooses their form, and numbers are grouped by
// language. The alternative, go-i18n v2, stands on x/text's languages and has the
// same plural rules, but does not group numbers, and its templates would make one
// more dependency of what is a dozen lines here. Neither knows dates, so their
// forms and names are texts too (dates.json).
//
// Tests hold the languages to each other (every key, placeholder and plural form)
// and the keys to the code: a key that nothing uses fails, and so does the use of
// one that does not exist. Keys that code composes are listed in composed_test.go.
package messages
