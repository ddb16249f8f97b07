// Package api is the JSON API: one file per resource.
//
// A resource is a struct of handlers with the domains it needs. Its method routes lists
// what it offers; route.go says who may call a route, mount.go how a handler comes to
// its input and its decoded body. Prose about an operation stands in operations, by the
// operation's ID. A handler parses, calls one method of a domain and renders what it
// answers; what a command does is decided in the domain.
//
// Requests pass auth.go (who asks), decode.go (the body, strictly) and idempotency.go
// (what was answered before). Handlers return the errors of models and rules as they
// are; problem.go turns their codes into answers.
package api
