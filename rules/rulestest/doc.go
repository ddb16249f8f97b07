// Package rulestest holds what tests of several rooms of rules share.
package rulestest
