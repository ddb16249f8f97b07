package rules

// The scopes of API tokens; the API says what each one reaches.
const (
	ScopeOrdersRead     = "orders:read"
	ScopeOrdersWrite    = "orders:write"
	ScopeCatalogueRead  = "catalogue:read"
	ScopeCatalogueWrite = "catalogue:write"
	ScopeAccountsRead   = "accounts:read"
	ScopeAccountsWrite  = "accounts:write"
	ScopeOperator       = "operator"
	ScopeTokensWrite    = "tokens:write"
	ScopeProcessesRead  = "processes:read"
	ScopeRoomsRead      = "rooms:read"
	ScopeRMAsRead       = "rmas:read"
	ScopeRMAsWrite      = "rmas:write"
	ScopeRoomsWrite     = "rooms:write"
	ScopeTicketsRead    = "tickets:read"
	ScopeTicketsWrite   = "tickets:write"
	ScopePrivacy        = "privacy"
)

// ScopesFor lists every scope that makes sense for a role.
func ScopesFor(role Role) []string {
	switch {
	case role.IsOperator():
		return []string{
			ScopeOrdersRead,
			ScopeOrdersWrite,
			ScopeCatalogueRead,
			ScopeCatalogueWrite,
			ScopeAccountsRead,
			ScopeAccountsWrite,
			ScopeOperator,
			ScopeTokensWrite,
			ScopeProcessesRead,
			ScopeRoomsRead,
			ScopeRoomsWrite,
			ScopeRMAsRead,
			ScopeRMAsWrite,
			ScopeTicketsRead,
			ScopeTicketsWrite,
			ScopePrivacy,
		}
	case role == Reseller || role == Distributor:
		return []string{ScopeOrdersRead, ScopeOrdersWrite, ScopeCatalogueRead}
	case role == CustomerAdmin:
		return []string{
			ScopeCatalogueRead,
			ScopeAccountsRead,
			ScopeRoomsRead,
			ScopeRoomsWrite,
			ScopeRMAsRead,
			ScopeRMAsWrite,
			ScopeTicketsRead,
			ScopeTicketsWrite,
			ScopePrivacy,
		}
	case role == PartnerAdmin:
		return []string{
			ScopeCatalogueRead,
			ScopeAccountsRead,
			ScopeRoomsRead,
			ScopeRoomsWrite,
			ScopeRMAsRead,
			ScopeRMAsWrite,
			ScopeTicketsRead,
			ScopeTicketsWrite,
		}
	case role == PartnerReadOnly:
		return []string{
			ScopeCatalogueRead,
			ScopeAccountsRead,
			ScopeRoomsRead,
			ScopeRMAsRead,
			ScopeTicketsRead,
		}
	case role == CustomerReadOnly:
		return []string{
			ScopeCatalogueRead,
			ScopeAccountsRead,
			ScopeRoomsRead,
			ScopeRMAsRead,
			ScopeTicketsRead,
			ScopeTicketsWrite,
		}
	}

	return nil
}
