package models

import (
	"strings"

	"roomcover.dev/roomcover/rules"
)

// mayManage refuses who may not change rooms; the service itself may.
func mayManage(scope Scope, reason string) error {
	if scope.Actor.Role == "SYSTEM" {
		return nil
	}
	return rules.MayManageRooms(scope.Actor.Role, reason)
}

// versioned refuses a change of something that was changed since it was read.
func versioned(have, want int64) error {
	if want != 0 && have != want {
		return rules.Refuse(
			rules.StateConflict,
			"It was changed since you read it.",
			"Read it again and repeat the change.",
		)
	}
	return nil
}

func withReason(reason string, details map[string]any) map[string]any {
	if reason = strings.TrimSpace(reason); reason != "" {
		details["reason"] = reason
	}
	return details
}
