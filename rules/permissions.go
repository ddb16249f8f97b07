package rules

// Role is what a signed-in person or a token may be.
type Role string

// The roles of RULES 4. OPERATOR_LEAD is an agent who may also waive fees.
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
)

// IsOperator reports whether the role belongs to the operator's own people.
func (r Role) IsOperator() bool {
	return r == OperatorAgent || r == OperatorLead || r == OperatorCSM
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
	ViewProcesses:   {OperatorAgent: GrantYes, OperatorLead: GrantYes, OperatorCSM: GrantYes},
	WorkTasks:       {OperatorAgent: GrantYes, OperatorLead: GrantYes, OperatorCSM: GrantYes},
	ManageStock:     {OperatorAgent: GrantYes, OperatorLead: GrantYes},
	ManageCSMs:      {OperatorAgent: GrantYes, OperatorLead: GrantYes},
	AssignCSM:       {OperatorAgent: GrantYes, OperatorLead: GrantYes, OperatorCSM: GrantYes},
}

// Allows answers from the permission table of RULES 4. Whether the object is one
// of the caller's own is not asked here (C5).
func Allows(role Role, capability Capability) Grant {
	if g, ok := grants[capability][role]; ok {
		return g
	}
	return GrantNo
}
