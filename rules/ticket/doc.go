// Package ticket holds the rules of a support ticket: its states and who may give which
// command (RULES 2), the clocks of its policy with what explains them (S39 to S41), the
// reminders and ends that come by themselves, and reopening (S45). It is pure: what
// happened goes in as events, and everything else follows from them.
package ticket
