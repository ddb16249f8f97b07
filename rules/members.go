package rules

// MaxSites is how many sites an account may have: each list of them, and each look for an
// address among them, reads them all.
const MaxSites = 2000

// MayAddSites refuses with SITE_LIMIT more sites than an account may have.
func MayAddSites(sites, more int) error {
	if sites+more <= MaxSites {
		return nil
	}
	return Refuse(SiteLimit, "The account has as many sites as it may have, 2000.",
		"Use the site that is there, or ask the service's mailbox for an account of its own "+
			"for the other sites.")
}

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
