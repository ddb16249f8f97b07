package api

import (
	"context"
	"net/http"
	"strings"
	"time"

	"roomcover.dev/roomcover/models"
	"roomcover.dev/roomcover/rules"
)

func (s *service) accountRoutes() {
	read := route{Method: get, Tag: "Accounts", Scope: AccountsRead, Capability: rules.ViewAccount, OperatorOnly: true}
	at := func(id, path, summary string, errs ...int) route {
		r := read
		r.ID, r.Path, r.Summary, r.Errors = id, path, summary, errs
		return r
	}
	mount(s, at("list-accounts", "/v1/accounts", "List accounts, newest first"), s.listAccounts)
	own := at("get-account", "/v1/accounts/{id}", "Read an account with its balance, members and customer success manager", 404)
	own.OperatorOnly, own.NoSellers = false, true
	mount(s, own, s.getAccount)
	mount(s, route{ID: "create-account", Method: post, Path: "/v1/accounts", Tag: "Accounts", Summary: "Add an account that no order opened",
		Description: "A second account of the same company at the same address makes orders for it ambiguous: they go to review (R107).",
		Scope:       AccountsWrite, Capability: rules.ReviewOrders, OperatorOnly: true, Body: AccountRequest{}, Status: http.StatusCreated, Idempotent: true, Errors: []int{404}}, s.createAccount)
	mount(s, route{ID: "change-membership", Method: http.MethodPatch, Path: "/v1/memberships/{id}", Tag: "Accounts", Summary: "Remove, suspend, demote or promote a member",
		Description: "The last active administrator can be neither suspended nor demoted (S18); an operator may remove one, as a wrong person who accepted (R51b).",
		Scope:       AccountsWrite, Capability: rules.ManageUsers, OperatorOnly: true, Body: MembershipRequest{}, Errors: []int{404, 409}}, s.changeMembership)
}

// AccountRequest is an account to add.
type AccountRequest struct {
	Company     string             `json:"company"`
	Address     rules.Address      `json:"address"`
	Mode        models.AccountMode `json:"mode" enum:"CONSOLIDATED,SITE"`
	ParentOrgID string             `json:"parent_org_id,omitempty" doc:"Missing: the company's own parent"`
}

// AccountView is a customer's account.
type AccountView struct {
	ID          string             `json:"id"`
	LegalName   string             `json:"legal_name"`
	Address     rules.Address      `json:"address"`
	TimeZone    string             `json:"time_zone"`
	Locale      string             `json:"locale"`
	Mode        models.AccountMode `json:"mode" enum:"CONSOLIDATED,SITE"`
	ParentOrgID string             `json:"parent_org_id"`
	UserLimit   int                `json:"user_limit"`
	CSMID       string             `json:"csm_id,omitempty" doc:"Customer success manager (R35e)"`
	CreatedAt   time.Time          `json:"created_at"`
	Version     int64              `json:"version"`
}

// AccountDetail is an account with its balance and people.
type AccountDetail struct {
	AccountView
	CSM     *CSMContact                                        `json:"csm,omitempty" doc:"Whom to turn to (R35e); missing where nobody is named, or the one who was has left"`
	Balance map[rules.ServiceType]map[rules.LicenceState]int64 `json:"balance" nullable:"false" doc:"Licences by service type and state"`
	Members []MemberView                                       `json:"members" nullable:"false"`
}

// MemberView is a person in an account.
type MemberView struct {
	MembershipView
	Name  string `json:"name"`
	Email string `json:"email"`
}

// MembershipView is a person's place in an account.
type MembershipView struct {
	ID        string                `json:"id"`
	AccountID string                `json:"account_id"`
	UserID    string                `json:"user_id"`
	Role      models.MemberRole     `json:"role" enum:"ADMIN,READ_ONLY"`
	State     rules.MembershipState `json:"state" enum:"ACTIVE,SUSPENDED,REMOVED"`
	CreatedAt time.Time             `json:"created_at"`
}

func accountView(a models.Account) AccountView {
	return AccountView{a.ID, a.LegalName, rules.Address{Street: a.Street, City: a.City, Region: a.Region, PostalCode: a.PostalCode, Country: a.Country},
		a.TimeZone, a.Locale, a.Mode, a.ParentOrgID, a.UserLimit, text(a.CSMID), a.CreatedAt, a.Version}
}

func membershipView(m models.Membership) MembershipView {
	return MembershipView{m.ID, m.AccountID, m.UserID, m.Role, m.State, m.CreatedAt}
}

func memberView(m models.Member) MemberView {
	return MemberView{membershipView(m.Membership), m.Name, m.Email}
}

func (s *service) listAccounts(ctx context.Context, in *ListInput) (*pageOf[AccountView], error) {
	accounts, next, err := s.store.ListAccounts(ctx, in.page())
	return listed(accounts, next, err, accountView)
}

func (s *service) getAccount(ctx context.Context, in *IDInput) (*roomOutput[AccountDetail], error) {
	a, err := s.store.GetAccount(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	balance, err := s.store.Balance(ctx, a.ID)
	if err != nil {
		return nil, err
	}
	members, err := s.store.MembersOf(ctx, a.ID)
	if err != nil {
		return nil, err
	}
	v := AccountDetail{accountView(a), nil, balance, viewed(members, memberView)}
	switch csm, err := s.store.CSMOf(ctx, a.ID); {
	case err == nil:
		contact := csmContact(csm)
		v.CSM = &contact
	case rules.CodeOf(err) != rules.NotFound:
		return nil, err
	}
	return &roomOutput[AccountDetail]{etag(a.Version), v}, nil
}

func (s *service) createAccount(ctx context.Context, _ *struct{}) (*one[AccountView], error) {
	r, err := decode[AccountRequest](ctx)
	if err != nil {
		return nil, err
	}
	var f fieldCheck
	party := f.party(r.Company, &r.Address)
	f.fail(r.Mode != models.ModeConsolidated && r.Mode != models.ModeSite, "/mode", "UNKNOWN_MODE", "There is no such mode.", "Send CONSOLIDATED or SITE.")
	if err := rules.Invalid(f.fields); err != nil {
		return nil, err
	}
	if r.ParentOrgID != "" {
		org, err := s.store.GetOrg(ctx, r.ParentOrgID)
		if err == nil && org.Kind != models.OrgCustomerParent {
			err = wrong("/parent_org_id", "NOT_A_PARENT", "This organisation is no customer's parent.", "Name an organisation of the kind CUSTOMER_PARENT.")
		}
		if err != nil {
			return nil, err
		}
	}
	a, err := s.store.CreateAccount(ctx, party, r.ParentOrgID, r.Mode)
	return single(a, err, accountView)
}

// MembershipRequest changes a member; what is missing stays.
type MembershipRequest struct {
	Role   models.MemberRole     `json:"role,omitempty" enum:"ADMIN,READ_ONLY"`
	State  rules.MembershipState `json:"state,omitempty" enum:"ACTIVE,SUSPENDED,REMOVED"`
	Reason string                `json:"reason" doc:"Required; goes into the audit"`
}

func (s *service) changeMembership(ctx context.Context, in *IDInput) (*one[MembershipView], error) {
	r, err := decode[MembershipRequest](ctx)
	if err != nil {
		return nil, err
	}
	var f fieldCheck
	f.fail(r.Role != "" && r.Role != models.RoleAdmin && r.Role != models.RoleReadOnly, "/role", "UNKNOWN_ROLE", "There is no such role.", "Send ADMIN or READ_ONLY.")
	f.fail(r.State != "" && r.State != rules.MembershipActive && r.State != rules.MembershipSuspended && r.State != rules.MembershipRemoved,
		"/state", "UNKNOWN_STATE", "There is no such state.", "Send ACTIVE, SUSPENDED or REMOVED.")
	f.fail(r.Role == "" && r.State == "", "", rules.Required, "Nothing is to be changed.", "Send role or state.")
	f.fail(strings.TrimSpace(r.Reason) == "", "/reason", rules.Required, "A change of a member needs a reason.", "Send the reason along.")
	if err := rules.Invalid(f.fields); err != nil {
		return nil, err
	}
	m, err := s.store.GetMembership(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if r.Role == "" {
		r.Role = m.Role
	}
	if r.State == "" {
		r.State = m.State
	}
	m, err = s.store.ChangeMembership(ctx, in.ID, r.Role, r.State, r.Reason)
	return single(m, err, membershipView)
}
