// Package testday names days and instants for the tests of rules.
package testday
