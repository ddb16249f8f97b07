// Package api is the JSON API: one file per resource, strict decoding in
// decode.go, problem+json in problem.go, who may do what in auth.go and
// scopes.go. Handlers return the errors of models and rules as they are; one
// place turns their codes into answers.
package api
