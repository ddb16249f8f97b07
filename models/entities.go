package models

import (
	"time"

	"roomcover.dev/roomcover/rules"
)

// Org is a company that sells, distributes, owns, serves or operates.
type Org struct {
	ID              string
	Kind            OrgKind
	Name            string
	NameKey         string // rules.CompanyKey of Name
	AuthorisedFrom  string // YYYY-MM-DD; empty: never authorised
	AuthorisedUntil string // exclusive; empty: no end
	Suspended       bool
	MergedInto      *string // a customer's parent that was merged into another (S27)
	CreatedAt       time.Time
}

// OrgKind says what an Org is to the service.
type OrgKind string

// The kinds of Org.
const (
	OrgOperator       OrgKind = "OPERATOR"
	OrgCustomerParent OrgKind = "CUSTOMER_PARENT"
	OrgDistributor    OrgKind = "DISTRIBUTOR"
	OrgReseller       OrgKind = "RESELLER"
	OrgPartner        OrgKind = "PARTNER"
)

// Account is a customer's account: the balance of licences belongs to exactly
// one (R108, R109); several accounts share one customer parent.
type Account struct {
	ID          string
	ParentOrgID string
	LegalName   string
	CompanyKey  string
	Street      string
	City        string
	Region      string
	PostalCode  string
	Country     string
	AddressHash string
	MatchKey    *string // set when an order created the account: one account per company and address
	TimeZone    string  // IANA name
	Locale      string  // BCP 47
	Mode        AccountMode
	UserLimit   int
	CSMID       *string `gorm:"column:csm_id"` // customer success manager (R35e)
	CreatedAt   time.Time
	Version     int64 // grows when operators change the account
}

// AccountMode says whether an account covers all sites of a company or one.
type AccountMode string

// The modes of an Account.
const (
	ModeConsolidated AccountMode = "CONSOLIDATED"
	ModeSite         AccountMode = "SITE"
)

// Notification is one mail to one recipient, once: DedupeKey is unique (C7).
type Notification struct {
	ID         string
	DedupeKey  string
	ProgramID  string
	Template   string
	SubjectID  string
	Recipient  string
	Epoch      string
	AccountID  *string
	OrderID    *string
	Locale     string
	Params     map[string]any `gorm:"serializer:json"`
	State      rules.NotificationState
	Attempts   int
	ClaimedAt  *time.Time
	SentAt     *time.Time
	ProviderID string
	LastError  string
	CreatedAt  time.Time
}

// NotificationAttempt records an attempt that failed.
type NotificationAttempt struct {
	ID             string
	NotificationID string
	Outcome        string
	Error          string
	At             time.Time
}

// OperatorTask is something that needs a person: what, and why.
type OperatorTask struct {
	ID         string
	Kind       TaskKind
	SubjectID  string
	AccountID  *string
	DedupeKey  string
	What       string
	Why        string
	State      TaskState
	Resolution string
	ResolvedBy string
	CreatedAt  time.Time
	ResolvedAt *time.Time
}

// TaskState tells whether a task still waits for a person.
type TaskState string

// The states of an OperatorTask.
const (
	TaskOpen TaskState = "OPEN"
	TaskDone TaskState = "DONE"
)

// AuditEvent is one link of an append-only chain: per account, and per order
// until the order has an account.
type AuditEvent struct {
	ID         string
	ChainID    string
	Seq        int64
	AccountID  *string
	ActorID    string
	ActorRole  rules.Role
	ActingOrg  string
	OnBehalfOf string
	Verb       string
	ObjectID   string
	Details    map[string]any `gorm:"serializer:json"` // before and after; persons by id only
	IP         string         `gorm:"column:ip"`
	RequestID  string
	At         time.Time
	PrevHash   string
	Hash       string
}

// OutboxEvent is what the relay still has to tell a workflow.
type OutboxEvent struct {
	ID          string
	DedupeKey   string
	Kind        OutboxKind
	SubjectID   string
	Payload     map[string]string `gorm:"serializer:json"`
	CreatedAt   time.Time
	DueAt       time.Time // real time: next attempt, or end of the lease
	Attempts    int
	LastError   string
	DeliveredAt *time.Time
}

// OutboxKind says what to start or tell.
type OutboxKind string

// The kinds of OutboxEvent; the subject is an order, invitation, notification
// or import job.
const (
	OutboxOrderAccepted      OutboxKind = "order.start"
	OutboxOrderDecided       OutboxKind = "order.decided"
	OutboxOrderCancelled     OutboxKind = "order.cancelled"
	OutboxOrderRetried       OutboxKind = "order.retry"
	OutboxInvitationIssued   OutboxKind = "invitation.start"
	OutboxInvitationClosed   OutboxKind = "invitation.closed"
	OutboxInvitationRetried  OutboxKind = "invitation.retry"
	OutboxNotificationQueued OutboxKind = "mail.start"
	OutboxImportQueued       OutboxKind = "import.start"

	// The subject is what the shipment is for.
	OutboxShipmentMoved OutboxKind = "shipment.moved"

	OutboxRMARequested OutboxKind = "rma.start"
	OutboxRMAChanged   OutboxKind = "rma.changed"
	OutboxRMARetried   OutboxKind = "rma.retry"

	OutboxSpareEarned  OutboxKind = "spare.start"
	OutboxSpareChanged OutboxKind = "spare.changed"
	OutboxSpareRetried OutboxKind = "spare.retry"

	// What finance and others outside have to know; no workflow is told.
	OutboxRMABreached OutboxKind = "event.rma_breached" // RMA (S21)
	OutboxFeeBilled   OutboxKind = "event.fee_billed"   // RMA (S22) or spare unit (S9)
	OutboxFeeCredited OutboxKind = "event.fee_credited" // RMA or spare unit (S22)
)
