package rules

// Role is what a signed-in person or a token may be.
type Role string

// The roles of RULES 4. OPERATOR_LEAD is an agent who may also waive fees; OPERATOR_MANAGER
// sees what the others do and changes nothing, and no token has it.
const (
	CustomerAdmin    Role = "CUSTOMER_ADMIN"
	CustomerReadOnly Role = "CUSTOMER_READ_ONLY"
	PartnerAdmin     Role = "PARTNER_ADMIN"
	PartnerReadOnly  Role = "PARTNER_READ_ONLY"
	Reseller         Role = "RESELLER"
	Distributor      Role = "DISTRIBUTOR"
	OperatorAgent    Role = "OPERATOR_AGENT"
	OperatorLead     Role = "OPERATOR_LEAD"
	OperatorCSM      Role = "OPERATOR_CSM"
	OperatorManager  Role = "OPERATOR_MANAGER"
)

// IsOperator reports whether the role belongs to the operator's own people.
func (r Role) IsOperator() bool {
	switch r {
	case OperatorAgent, OperatorLead, OperatorCSM, OperatorManager:
		return true
	}
	return false
}

// Capability is one row of the permission table.
type Capability string

// The rows of RULES 4, then the operator's own.
const (
	ViewAccount     Capability = "VIEW_ACCOUNT"     // contracts, balances, rooms, devices
	ManageRooms     Capability = "MANAGE_ROOMS"     // assign or move licences, rooms, devices
	UseTickets      Capability = "USE_TICKETS"      // open, comment, track
	RequestRMA      Capability = "REQUEST_RMA"      // request RMA, use spare
	ManageUsers     Capability = "MANAGE_USERS"     // invite, change roles, SSO, delegation
	CancelOrder     Capability = "CANCEL_ORDER"     // inside the window
	DecideRMA       Capability = "DECIDE_RMA"       // approve, bill, waive
	ChooseSpare     Capability = "CHOOSE_SPARE"     // model and site
	SubmitOrders    Capability = "SUBMIT_ORDERS"    // intake
	ReviewOrders    Capability = "REVIEW_ORDERS"    // accept or reject
	ManageCatalogue Capability = "MANAGE_CATALOGUE" // SKUs, program, authorisations
	ViewProcesses   Capability = "VIEW_PROCESSES"   // what is under way
	WorkTasks       Capability = "WORK_TASKS"       // operator tasks
	ManageStock     Capability = "MANAGE_STOCK"     // depots, receipts, adjustments
	ManageCSMs      Capability = "MANAGE_CSMS"      // who the customer success managers are
	AssignCSM       Capability = "ASSIGN_CSM"       // name an account's customer success manager
	ManageOperators Capability = "MANAGE_OPERATORS" // who of the operator's people may do what
	ViewAudit       Capability = "VIEW_AUDIT"       // who did what, of everybody
	SeeAsCustomer   Capability = "SEE_AS_CUSTOMER"  // the portal as a customer sees it, to look at
	ManagePrivacy   Capability = "MANAGE_PRIVACY"   // export and erase people's data (S33)
)

// Grant is how far a capability goes.
type Grant string

// The grants. GrantNo is also the answer for an unknown role or capability.
const (
	GrantNo          Grant = "NO"
	GrantYes         Grant = "YES"
	GrantOwn         Grant = "OWN"          // own orders only (S36)
	GrantWithReason  Grant = "WITH_REASON"  // a reason goes into the audit
	GrantViewOnly    Grant = "VIEW_ONLY"    // tickets: read, no comment
	GrantResendOnly  Grant = "RESEND_ONLY"  // users: send an invitation again
	GrantAgree       Grant = "AGREE"        // spares: consent to a proposal
	GrantExceptWaive Grant = "EXCEPT_WAIVE" // RMA: waiving a fee needs the lead
)

// Allowed reports whether the grant permits anything at all.
func (g Grant) Allowed() bool { return g != GrantNo && g != "" }

var grants = map[Capability]map[Role]Grant{
	ViewAccount: {
		CustomerAdmin:    GrantYes,
		CustomerReadOnly: GrantYes,
		PartnerAdmin:     GrantYes,
		PartnerReadOnly:  GrantYes,
		Reseller:         GrantOwn,
		Distributor:      GrantOwn,
		OperatorAgent:    GrantYes,
		OperatorLead:     GrantYes,
		OperatorCSM:      GrantYes,
		OperatorManager:  GrantYes,
	},
	ManageRooms: {
		CustomerAdmin: GrantYes,
		PartnerAdmin:  GrantYes,
		OperatorAgent: GrantWithReason,
		OperatorLead:  GrantWithReason,
		OperatorCSM:   GrantWithReason,
	},
	UseTickets: {
		CustomerAdmin:    GrantYes,
		CustomerReadOnly: GrantYes,
		PartnerAdmin:     GrantYes,
		PartnerReadOnly:  GrantViewOnly,
		OperatorAgent:    GrantYes,
		OperatorLead:     GrantYes,
		OperatorCSM:      GrantYes,
		OperatorManager:  GrantViewOnly,
	},
	RequestRMA: {
		CustomerAdmin: GrantYes,
		PartnerAdmin:  GrantYes,
		OperatorAgent: GrantYes,
		OperatorLead:  GrantYes,
		OperatorCSM:   GrantYes,
	},
	ManageUsers: {
		CustomerAdmin: GrantYes,
		OperatorAgent: GrantResendOnly,
		OperatorLead:  GrantResendOnly,
	},
	CancelOrder: {
		CustomerAdmin: GrantYes,
		Reseller:      GrantOwn,
		Distributor:   GrantOwn,
		OperatorAgent: GrantYes,
		OperatorLead:  GrantYes,
	},
	DecideRMA: {OperatorAgent: GrantExceptWaive, OperatorLead: GrantYes},
	ChooseSpare: {
		CustomerAdmin: GrantAgree, PartnerAdmin: GrantAgree, OperatorCSM: GrantYes,
	},
	SubmitOrders: {
		Reseller:      GrantOwn,
		Distributor:   GrantOwn,
		OperatorAgent: GrantWithReason,
		OperatorLead:  GrantWithReason,
	},
	ReviewOrders:    {OperatorAgent: GrantYes, OperatorLead: GrantYes},
	ManageCatalogue: {OperatorAgent: GrantYes, OperatorLead: GrantYes},
	ViewProcesses: {
		OperatorAgent:   GrantYes,
		OperatorLead:    GrantYes,
		OperatorCSM:     GrantYes,
		OperatorManager: GrantYes,
	},
	WorkTasks:       {OperatorAgent: GrantYes, OperatorLead: GrantYes, OperatorCSM: GrantYes},
	ManageStock:     {OperatorAgent: GrantYes, OperatorLead: GrantYes},
	ManageCSMs:      {OperatorAgent: GrantYes, OperatorLead: GrantYes},
	AssignCSM:       {OperatorAgent: GrantYes, OperatorLead: GrantYes, OperatorCSM: GrantYes},
	ManageOperators: {OperatorLead: GrantYes},
	ViewAudit:       {OperatorLead: GrantYes, OperatorManager: GrantYes},
	SeeAsCustomer: {
		OperatorAgent: GrantWithReason,
		OperatorLead:  GrantWithReason,
		OperatorCSM:   GrantWithReason,
	},
	ManagePrivacy: {
		CustomerAdmin: GrantYes,
		OperatorAgent: GrantWithReason,
		OperatorLead:  GrantWithReason,
		OperatorCSM:   GrantWithReason,
	},
}

// Allows answers from the permission table of RULES 4. Whether the object is one
// of the caller's own is not asked here (C5).
func Allows(role Role, capability Capability) Grant {
	if g, ok := grants[capability][role]; ok {
		return g
	}
	return GrantNo
}

// UserAct is something that is done to who may use an account.
type UserAct string

// The acts behind ManageUsers. The operator's people may send again what was sent before
// (RESEND_ONLY), and beyond that only what another rule asks them for.
const (
	ActResendInvitation   UserAct = "RESEND"        // to the same person (R51a, R123)
	ActRedirectInvitation UserAct = "REDIRECT"      // to the right person (R51b)
	ActInviteExtra        UserAct = "INVITE_EXTRA"  // one more person, as asked for (R105)
	ActWithdrawInvitation UserAct = "WITHDRAW"      // of the wrong person (R51b)
	ActRemoveMember       UserAct = "REMOVE_MEMBER" // the wrong person (R51b), or until it is clear
	ActChangeRole         UserAct = "CHANGE_ROLE"   // the customer's alone
)

// operatorUserActs are what RESEND_ONLY covers, each with a reason.
var operatorUserActs = map[UserAct]bool{
	ActResendInvitation:   true,
	ActRedirectInvitation: true,
	ActInviteExtra:        true,
	ActWithdrawInvitation: true,
	ActRemoveMember:       true,
}

// MayManageUsers decides by RULES 4 who may do what to the users of an account. It
// refuses with FORBIDDEN: roles are the customer's to give, so nobody of the operator's
// makes a reader an administrator.
func MayManageUsers(role Role, act UserAct) error {
	switch grant := Allows(role, ManageUsers); {
	case grant == GrantYes, role == "SYSTEM":
		return nil
	case grant == GrantResendOnly && operatorUserActs[act]:
		return nil
	case grant == GrantResendOnly:
		return Refuse(Forbidden, "Roles are given by an administrator of the account.",
			"Ask an administrator of the account to do it in the portal.")
	}

	return Refuse(Forbidden, "Your role may not manage the users of an account.",
		"Ask an administrator of the account.")
}

// MayMakeAdmin decides whether somebody may let another person in as administrator of an
// account that has that many active ones. An operator does so only where there is none
// (R51b, R105): else an agent could let anybody in, and an administrator can do it in the
// portal at once. It refuses with FORBIDDEN.
func MayMakeAdmin(role Role, activeAdmins int) error {
	if !role.IsOperator() || activeAdmins == 0 {
		return nil
	}
	return Refuse(Forbidden, "The account has an administrator, who lets others in.",
		"Invite the person as READ_ONLY; an administrator of the account can promote them.")
}

// MayMakeToken decides whether a token of one role may make a token of another. Nobody
// makes one that may do what the maker itself may not: tokens of operators are a lead's,
// and what a customer agrees to is the customer's, whose administrators make their tokens
// in the portal. It refuses with FORBIDDEN.
func MayMakeToken(maker, made Role) error {
	switch {
	case maker == "SYSTEM", maker == CustomerAdmin && made.isCustomer():
		return nil
	case made == CustomerAdmin:
		return Refuse(Forbidden, "Only an administrator of the account makes this token.",
			"Have an administrator of the account make it in the portal, under tokens.")
	case made == OperatorManager:
		return Refuse(Forbidden, "A program does not act as a manager.", "Choose another role.")
	case made.IsOperator() && maker != OperatorLead:
		return Refuse(Forbidden, "Only a lead handles tokens of operators.", "Ask a lead.")
	case !Allows(maker, ManageCatalogue).Allowed():
		return Refuse(Forbidden, "Your role may not make tokens.", "Ask an agent.")
	}

	return nil
}

func (r Role) isCustomer() bool { return r == CustomerAdmin || r == CustomerReadOnly }
