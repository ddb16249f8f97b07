package ordering

import (
	"fmt"
	"slices"
	"time"

	"roomcover.dev/roomcover/rules"
)

// CancellationRequest is who asks to cancel an order and when.
type CancellationRequest struct {
	Role     rules.Role
	Own      bool // the order belongs to the caller's organisation or account
	State    rules.OrderState
	ClosesAt time.Time // CancellationClosesAt
	Now      time.Time
	Reason   string
}

// MayCancel decides by S7 and R90: a customer's admin, the reseller or
// distributor of the order, or an operator; with a reason; inside the window.
// Errors in this order: NOT_FOUND (a foreign order looks like a missing one,
// C5), FORBIDDEN, REASON_REQUIRED, STATE_CONFLICT, CANCELLATION_WINDOW_CLOSED.
func MayCancel(q CancellationRequest) error {
	switch {
	case !q.Own && !q.Role.IsOperator():
		return rules.Refuse(rules.NotFound, "There is no such order.", "Check the id.")
	case MayAskToCancel(q.Role) != nil:
		return MayAskToCancel(q.Role)
	case rules.CheckReason(q.Reason) != nil:
		return rules.CheckReason(q.Reason)
	}
	return Cancellable(q.State, q.ClosesAt, q.Now)
}

// Cancellable decides whether an order can be cancelled at all now, whoever asks:
// STATE_CONFLICT, CANCELLATION_WINDOW_CLOSED.
func Cancellable(state rules.OrderState, closesAt, now time.Time) error {
	if err := Endable(state); err != nil {
		return err
	}
	if !rules.CancellationOpen(closesAt, now) {
		return rules.Refuse(rules.CancellationWindowClosed,
			"The cancellation window of this order has closed.",
			"Write to the service's mailbox; only an operator can end the contract now.")
	}
	return nil
}

// Endable decides whether an order in a state has anything that could end: STATE_CONFLICT for
// one that is not fulfilled, or ended already.
func Endable(state rules.OrderState) error {
	if state.Cancellable() {
		return nil
	}
	return rules.Refuse(rules.StateConflict, "An order in this state cannot be canceled.",
		"Read the order again.")
}

// MaySubmit decides whether a role may send or amend orders (RULES 4): FORBIDDEN, or
// REASON_REQUIRED for an operator without a reason.
func MaySubmit(role rules.Role, reason string) error {
	switch grant := rules.Allows(role, rules.SubmitOrders); {
	case !grant.Allowed():
		return rules.Refuse(rules.Forbidden, "Your role may not send orders.",
			"Have the reseller or the distributor send it.")
	case grant == rules.GrantWithReason:
		return rules.CheckReason(reason)
	}

	return nil
}

// MayAskToCancel decides whether a role may cancel orders at all (RULES 4): FORBIDDEN.
func MayAskToCancel(role rules.Role) error {
	if rules.Allows(role, rules.CancelOrder).Allowed() {
		return nil
	}
	return rules.Refuse(rules.Forbidden, "Your role may not cancel orders.",
		"Ask an administrator of the account.")
}

// MayTerminate decides whether a contract may be ended after the window as goodwill:
// only by operators who may cancel, with a reason (S13).
func MayTerminate(role rules.Role, reason string) error {
	if err := MayAskToTerminate(role); err != nil {
		return err
	}
	return rules.CheckReason(reason)
}

// MayAskToTerminate decides whether a role may end contracts after the window at all:
// FORBIDDEN.
func MayAskToTerminate(role rules.Role) error {
	if role.IsOperator() && rules.Allows(role, rules.CancelOrder).Allowed() {
		return nil
	}
	return rules.Refuse(rules.Forbidden,
		"Only an operator may end a contract after the window.",
		"Write to the service's mailbox.")
}

// RevokePendingInvitation reports whether the cancellation of an order withdraws the
// account's pending invitation: only if no other contract is left (S11).
func RevokePendingInvitation(otherContracts int) bool { return otherContracts < 1 }

// LicenceRef is one licence in force of an order that is to be cancelled.
type LicenceRef struct {
	ID       string
	Assigned bool
}

// ChooseLicencesToCancel decides which qty of the licences in force go (S12): the named
// ones, then available ones in the given order. Assigned ones go only when named; if
// that is not enough, the error is LICENCES_NOT_NAMED and says how many more to name.
// Other errors are VALIDATION_FAILED with the fields /quantity and /licence_ids.
func ChooseLicencesToCancel(all []LicenceRef, qty int, named []string) ([]string, error) {
	if err := checkChoice(all, qty, named); err != nil {
		return nil, err
	}

	chosen := slices.Clone(named)
	for _, l := range all {
		if len(chosen) < qty && !l.Assigned && !slices.Contains(named, l.ID) {
			chosen = append(chosen, l.ID)
		}
	}

	if missing := qty - len(chosen); missing > 0 {
		return nil, rules.Refuse(rules.LicencesNotNamed,
			fmt.Sprintf("Too few licenses are available; %d more must be named.", missing),
			fmt.Sprintf("Name %d more of the assigned licenses.", missing))
	}

	return chosen, nil
}

func checkChoice(all []LicenceRef, qty int, named []string) error {
	var fields []rules.FieldError
	switch {
	case qty < 1:
		fields = append(fields, rules.FieldError{
			Pointer: "/quantity",
			Code:    rules.QuantityTooSmall,
			Message: "The quantity must be at least 1.",
			Remedy:  "Send how many licenses to cancel.",
		})
	case qty > len(all):
		fields = append(fields, rules.FieldError{
			Pointer: "/quantity",
			Code:    rules.QuantityTooLarge,
			Message: "The order has fewer licenses in force.",
			Remedy:  "Send at most the number of licenses in force.",
		})
	case len(named) > qty:
		fields = append(fields, rules.FieldError{
			Pointer: "/licence_ids",
			Code:    rules.TooManyNamed,
			Message: "More licenses are named than are to be canceled.",
			Remedy:  "Name at most as many as the quantity.",
		})
	}

	known := make(map[string]bool, len(all))
	for _, l := range all {
		known[l.ID] = true
	}

	seen := make(map[string]bool, len(named))
	for i, id := range named {
		pointer := fmt.Sprintf("/licence_ids/%d", i)
		switch {
		case !known[id]:
			fields = append(fields, rules.FieldError{
				Pointer: pointer,
				Code:    rules.UnknownLicence,
				Message: "This is not a license in force of this order.",
				Remedy:  "Name licenses of this order only.",
			})
		case seen[id]:
			fields = append(fields, rules.FieldError{
				Pointer: pointer,
				Code:    rules.Duplicate,
				Message: "This license is named twice.",
				Remedy:  "Name each license once.",
			})
		}

		seen[id] = true
	}

	return rules.Invalid(fields)
}
