package rules

// MayLoseAdmin refuses with LAST_ADMIN to remove, suspend or demote the last active
// administrator of an account (S18).
func MayLoseAdmin(activeAdmins int) error {
	if activeAdmins > 1 {
		return nil
	}
	return Refuse(LastAdmin, "This is the last administrator of the account.",
		"Give another person the administrator role first.")
}

// MayAddUser refuses with USER_LIMIT one more user when the account has reached its
// limit; open invitations count as users (S19).
func MayAddUser(users, limit int) error {
	if users < limit {
		return nil
	}
	return Refuse(UserLimit, "The account has reached its number of users.",
		"Remove a user who no longer needs access, "+
			"or ask the service's mailbox for a higher limit.")
}
