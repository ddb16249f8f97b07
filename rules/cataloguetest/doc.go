// Package cataloguetest builds terms for the tests of several rooms of rules.
package cataloguetest
