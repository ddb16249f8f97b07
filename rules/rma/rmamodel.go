package rma

import (
	"slices"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
)

// NotLikeForLike refuses a unit of another model, or a lesser one (R88c).
const NotLikeForLike = "NOT_LIKE_FOR_LIKE"

// better lists for a model those that may be sent in its place when it is out of
// stock: they do at least what it does and fit the same room (S21).
var better = map[string][]string{
	"MEETUP":         {"RALLY-BAR-MINI", "RALLY-BAR"},
	"RALLY-BAR-MINI": {"RALLY-BAR"},
	"RALLY":          {"RALLY-PLUS"},
}

// BetterModels lists the models that may be sent in place of one, the nearest
// first; the model itself is not among them.
func BetterModels(code string) []string {
	return slices.Clone(better[catalogue.NormaliseModelCode(code)])
}

// SameOrBetter refuses with NOT_LIKE_FOR_LIKE a replacement of a lesser or an
// unrelated model (R88c, S21).
func SameOrBetter(faulty, replacement string) error {
	faulty, replacement = catalogue.NormaliseModelCode(faulty),
		catalogue.NormaliseModelCode(replacement)
	if replacement == faulty || slices.Contains(better[faulty], replacement) {
		return nil
	}

	return rules.Refuse(NotLikeForLike,
		"The replacement is of another model, and none that is known as a better one.",
		"Send the same model, or one that does at least as much.")
}

// SameModel refuses with NOT_LIKE_FOR_LIKE a spare of another model: a swap on
// site is like for like (R88c).
func SameModel(faulty, spare string) error {
	if catalogue.NormaliseModelCode(faulty) == catalogue.NormaliseModelCode(spare) {
		return nil
	}
	return rules.Refuse(NotLikeForLike, "The spare is of another model than the faulty device.",
		"Use a spare of the same model, or request a shipment.")
}
