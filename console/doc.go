// Package console serves the pages of the operator's own people: what is to be done, and what
// they need to do it. Pages are rendered on the server in the reader's language and work
// without scripts.
//
// A screen is one file with its routes, its handlers and what its template is told, and one
// file in templates/pages; docs/console.md shows how one is added. visit.go says who asks,
// answer.go writes every response, refusals become pages in refusal.go and nowhere else.
// Operators act as themselves, on behalf of an account where it is one's (S53).
package console
