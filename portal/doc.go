// Package portal serves the pages that customers see: accepting an invitation,
// signing in, service orders, replacements, spares and colleagues. Pages are rendered on the server
// in the visitor's language and work without scripts.
//
// A screen is one file: its handler takes a visit and returns an answer.
// visit.go says who asks, answer.go writes every response, and refusals become
// pages in refusal.go and nowhere else.
package portal
