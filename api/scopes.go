package api

import (
	"roomcover.dev/roomcover/rules"
)

// Scopes of tokens. A token reaches a route when it carries the route's scope
// and its role is allowed the route's capability.
const (
	OrdersRead     = rules.ScopeOrdersRead     // orders, imports
	OrdersWrite    = rules.ScopeOrdersWrite    // submit, amend, cancel, import
	CatalogueRead  = rules.ScopeCatalogueRead  // SKUs; program and organisations for operators
	CatalogueWrite = rules.ScopeCatalogueWrite // program, SKUs, organisations
	AccountsRead   = rules.ScopeAccountsRead   // accounts, members, invitations, contracts
	AccountsWrite  = rules.ScopeAccountsWrite  // accounts, invitations, memberships
	Operator       = rules.ScopeOperator       // tasks, decisions, mails
	TokensWrite    = rules.ScopeTokensWrite    // tokens
	ProcessesRead  = rules.ScopeProcessesRead  // what is under way
	RoomsRead      = rules.ScopeRoomsRead      // rooms, devices, assignments, cover, spares
	RMAsRead       = rules.ScopeRMAsRead       // replacements
	RMAsWrite      = rules.ScopeRMAsWrite      // replacements
	RoomsWrite     = rules.ScopeRoomsWrite     // rooms, devices, assignments, warranties
	TicketsRead    = rules.ScopeTicketsRead    // tickets
	TicketsWrite   = rules.ScopeTicketsWrite   // tickets
	Privacy        = rules.ScopePrivacy        // exports and erasures of people's data
)

// ScopesFor lists every scope that makes sense for a role.
func ScopesFor(role rules.Role) []string { return rules.ScopesFor(role) }

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
