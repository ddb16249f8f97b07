package api

import (
	"roomcover.dev/roomcover/rules"
)

// Scopes of tokens. A token reaches a route when it carries the route's scope
// and its role is allowed the route's capability.
const (
	OrdersRead     = "orders:read"     // orders, imports
	OrdersWrite    = "orders:write"    // submit, amend, cancel, import
	CatalogueRead  = "catalogue:read"  // SKUs; program and organisations for operators
	CatalogueWrite = "catalogue:write" // program, SKUs, organisations
	AccountsRead   = "accounts:read"   // accounts, members, invitations, contracts
	AccountsWrite  = "accounts:write"  // accounts, invitations, memberships
	Operator       = "operator"        // tasks, decisions, mails
	TokensWrite    = "tokens:write"    // tokens
	ProcessesRead  = "processes:read"  // what is under way
	RoomsRead      = "rooms:read"      // rooms, devices, assignments, cover, spares
	RMAsRead       = "rmas:read"       // replacements
	RMAsWrite      = "rmas:write"      // replacements
	RoomsWrite     = "rooms:write"     // rooms, devices, assignments, warranties
)

// ScopesFor lists every scope that makes sense for a role.
func ScopesFor(role rules.Role) []string {
	switch {
	case role.IsOperator():
		return []string{
			OrdersRead,
			OrdersWrite,
			CatalogueRead,
			CatalogueWrite,
			AccountsRead,
			AccountsWrite,
			Operator,
			TokensWrite,
			ProcessesRead,
			RoomsRead,
			RoomsWrite,
			RMAsRead,
			RMAsWrite,
		}
	case role == rules.Reseller || role == rules.Distributor:
		return []string{OrdersRead, OrdersWrite, CatalogueRead}
	case role == rules.CustomerAdmin:
		return []string{CatalogueRead, AccountsRead, RoomsRead, RoomsWrite, RMAsRead, RMAsWrite}
	case role == rules.CustomerReadOnly:
		return []string{CatalogueRead, AccountsRead, RoomsRead, RMAsRead}
	}

	return nil
}

// Roles lists the roles that a token can have.
func Roles() []rules.Role {
	return []rules.Role{
		rules.Reseller,
		rules.Distributor,
		rules.OperatorAgent,
		rules.OperatorLead,
		rules.OperatorCSM,
		rules.CustomerAdmin,
		rules.CustomerReadOnly,
	}
}

// customers reports whether a token of the role belongs to one account.
func customers(role rules.Role) bool {
	return role == rules.CustomerAdmin || role == rules.CustomerReadOnly
}
