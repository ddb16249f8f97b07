package api

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
)

// accountHandlers answer what is asked about accounts and their members.
type accountHandlers struct {
	accounts     *account.Accounts
	people       *identity.People
	entitlements *entitlement.Entitlements
}

func (h accountHandlers) routes(api huma.API) {
	read := route{
		Tag:          "Accounts",
		Scope:        AccountsRead,
		Capability:   rules.ViewAccount,
		OperatorOnly: true,
	}

	own := route{
		Tag:        "Accounts",
		Scope:      AccountsRead,
		Capability: rules.ViewAccount,
		NoSellers:  true,
	}

	open := route{
		Tag:          "Accounts",
		Scope:        AccountsWrite,
		Capability:   rules.ReviewOrders,
		OperatorOnly: true,
	}

	zone := route{
		Tag:        "Accounts",
		Scope:      RoomsWrite,
		Capability: rules.ManageRooms,
		NoSellers:  true,
	}

	members := route{
		Tag:          "Accounts",
		Scope:        AccountsWrite,
		Capability:   rules.ManageUsers,
		OperatorOnly: true,
	}

	assign := route{
		Tag:          "Accounts",
		Scope:        AccountsWrite,
		Capability:   rules.AssignCSM,
		OperatorOnly: true,
	}

	mount(api, read.get("list-accounts", "/v1/accounts", "List accounts, newest first"),
		h.listAccounts)
	mount(api, own.get("get-account", "/v1/accounts/{id}",
		"Read an account with its balance, members and customer success manager").
		refuses(404), h.getAccount)
	mountJSON(api, open.post("create-account", "/v1/accounts",
		"Add an account that no order opened").
		answers(http.StatusCreated).idempotent().refuses(404), h.createAccount)
	mountJSON(api, zone.put("change-time-zone", "/v1/accounts/{id}/time-zone",
		"Move an account to another time zone").
		refuses(404, 409, 412, 428), h.changeTimeZone)
	mountJSON(api, zone.put("change-account-language", "/v1/accounts/{id}/language",
		"Give an account another language").
		refuses(404, 409, 412, 428), h.changeLanguage)
	mountJSON(api, members.put("change-member-language", "/v1/memberships/{id}/language",
		"Set the language of a person's mails").
		refuses(404), h.changeMemberLanguage)
	mountJSON(api, members.patch("change-membership", "/v1/memberships/{id}",
		"Remove, suspend, demote or promote a member").
		refuses(404, 409), h.changeMembership)

	mountJSON(api, assign.put("assign-csm", "/v1/accounts/{id}/csm",
		"Name an account's customer success manager").
		refuses(404, 409, 412, 428), h.assignCSM)
}

// AccountRequest is an account to add.
type AccountRequest struct {
	Company     string              `json:"company" doc:"Name of the company, with its legal form, such as Acme Ltda"`
	Address     rules.Address       `json:"address" doc:"Where the company is; company and address together say which account it is"`
	Mode        account.AccountMode `json:"mode" enum:"CONSOLIDATED,SITE" doc:"Whether the account serves all sites of a customer or one"`
	ParentOrgID string              `json:"parent_org_id,omitempty" doc:"Id of the customer's parent that the account belongs to; missing: the company's own parent"`
}

// AccountView is a customer's account.
type AccountView struct {
	ID          string              `json:"id" doc:"Id of the object; it never changes"`
	LegalName   string              `json:"legal_name" doc:"Name of the company, with its legal form"`
	Address     rules.Address       `json:"address" doc:"Where the company is; its country decides on terms and languages"`
	TimeZone    string              `json:"time_zone" doc:"IANA name of the time zone by which days count here, such as America/Sao_Paulo"`
	Locale      string              `json:"locale" doc:"Language of papers, and of mails to people who do not sign in, as BCP 47: pt-BR or en"`
	Mode        account.AccountMode `json:"mode" enum:"CONSOLIDATED,SITE" doc:"Whether the account serves all sites of a customer or one"`
	ParentOrgID string              `json:"parent_org_id" doc:"Id of the customer's parent: the accounts of one company, which earn spares together"`
	UserLimit   int                 `json:"user_limit" doc:"How many people may have access at most"`
	CSMID       string              `json:"csm_id,omitempty" doc:"Id of the customer success manager who looks after the account; missing: nobody is named"`
	CreatedAt   time.Time           `json:"created_at" doc:"When it was recorded; an instant in UTC"`
	Version     int64               `json:"version" doc:"Grows by one with each change; it is the ETag of the object"`
}

// AccountDetail is an account with its balance and people.
type AccountDetail struct {
	AccountView
	CSM     *CSMContact                                            `json:"csm,omitempty" doc:"Whom to turn to; missing where nobody is named, or the one who was has left"`
	Balance map[catalogue.ServiceType]map[rules.LicenceState]int64 `json:"balance" nullable:"false" doc:"How many licenses there are, by service type and then by state"`
	Members []MemberView                                           `json:"members" nullable:"false" doc:"People with access to the account, those whose access was removed included"`
}

// MemberView is a person in an account.
type MemberView struct {
	MembershipView
	Name  string `json:"name" doc:"The person's name, as the person wrote it"`
	Email string `json:"email" doc:"The address with which the person signs in"`

	Locale string `json:"locale" doc:"Language of mails to the person, in every account, as BCP 47: pt-BR or en"`
}

// MembershipView is a person's place in an account.
type MembershipView struct {
	ID        string                `json:"id" doc:"Id of the membership, such as mem_01kb…; what is changed when a person's role changes"`
	AccountID string                `json:"account_id" doc:"Id of the customer's account, such as acc_01kb…"`
	UserID    string                `json:"user_id" doc:"Id of the person"`
	Role      identity.MemberRole   `json:"role" enum:"ADMIN,READ_ONLY" doc:"What the person may do in the account"`
	State     rules.MembershipState `json:"state" enum:"ACTIVE,SUSPENDED,REMOVED" doc:"Whether the person has access now"`
	CreatedAt time.Time             `json:"created_at" doc:"When the person got access; an instant in UTC"`
}

func accountView(a account.Account) AccountView {
	return AccountView{
		ID:        a.ID,
		LegalName: a.LegalName,
		Address: rules.Address{
			Street:     a.Street,
			City:       a.City,
			Region:     a.Region,
			PostalCode: a.PostalCode,
			Country:    a.Country,
		},
		TimeZone:    a.TimeZone,
		Locale:      a.Locale,
		Mode:        a.Mode,
		ParentOrgID: a.ParentOrgID,
		UserLimit:   a.UserLimit,
		CSMID:       text(a.CSMID),
		CreatedAt:   a.CreatedAt,
		Version:     a.Version,
	}
}

func membershipView(m identity.Membership) MembershipView {
	return MembershipView{
		ID:        m.ID,
		AccountID: m.AccountID,
		UserID:    m.UserID,
		Role:      m.Role,
		State:     m.State,
		CreatedAt: m.CreatedAt,
	}
}

func memberView(m identity.Member) MemberView {
	return MemberView{membershipView(m.Membership), m.Name, m.Email, m.Locale}
}

type listAccountsInput struct {
	ListInput
	Search  string `query:"q" maxLength:"254" doc:"Part of the company's name, or the whole of a person's e-mail address or an order's number: the vendor's or the sender's"`
	CSMID   string `query:"csm_id" maxLength:"64" doc:"Only accounts that this customer success manager looks after, or none: those that nobody does"`
	Country string `query:"country" maxLength:"2" doc:"Only accounts in this country"`
	Mode    string `query:"mode" enum:"CONSOLIDATED,SITE" doc:"Only accounts that serve all sites of a customer, or one"`
	Sort    string `query:"sort" enum:"newest,name" doc:"newest first (the default), or by the company's name"`
}

func (h accountHandlers) listAccounts(
	ctx context.Context, in *listAccountsInput,
) (*pageOf[AccountView], error) {
	f := account.AccountFilter{
		Search:  in.Search,
		CSMID:   in.CSMID,
		Country: in.Country,
		Mode:    account.AccountMode(in.Mode),
		Page:    in.page(),
	}
	if in.Sort == "name" {
		f.Sort = account.AccountsByName
	}
	accounts, next, err := h.accounts.ListAccounts(ctx, f)
	return listed(accounts, next, err, accountView)
}

func (h accountHandlers) getAccount(
	ctx context.Context, in *IDInput,
) (*roomOutput[AccountDetail], error) {
	a, err := h.accounts.GetAccount(ctx, in.ID)
	if err != nil {
		return nil, err
	}

	balance, err := h.entitlements.Balance(ctx, a.ID)
	if err != nil {
		return nil, err
	}

	members, err := h.people.MembersOf(ctx, a.ID)
	if err != nil {
		return nil, err
	}

	v := AccountDetail{
		AccountView: accountView(a),
		CSM:         nil,
		Balance:     balance,
		Members:     viewed(members, memberView),
	}

	switch csm, err := h.accounts.CSMOf(ctx, a.ID); {
	case err == nil:
		contact := csmContact(csm)
		v.CSM = &contact
	case rules.CodeOf(err) != rules.NotFound:
		return nil, err
	}

	return &roomOutput[AccountDetail]{etag(a.Version), v}, nil
}

func (h accountHandlers) createAccount(
	ctx context.Context, _ *struct{}, r AccountRequest,
) (*one[AccountView], error) {
	var f fieldCheck
	party := f.party(r.Company, &r.Address)
	f.fail(r.Mode != account.ModeConsolidated && r.Mode != account.ModeSite, "/mode",
		"UNKNOWN_MODE",
		"There is no such mode.", "Send CONSOLIDATED or SITE.")
	if err := rules.Invalid(f.fields); err != nil {
		return nil, err
	}

	if r.ParentOrgID != "" {
		org, err := h.accounts.GetOrg(ctx, r.ParentOrgID)
		if err != nil {
			return nil, err
		}

		if org.Kind != account.OrgCustomerParent {
			return nil, wrong("/parent_org_id", "NOT_A_PARENT",
				"This organization is not a customer's parent.",
				"Name an organization of the kind CUSTOMER_PARENT.")
		}
	}

	a, err := h.accounts.CreateAccount(ctx, party, r.ParentOrgID, r.Mode)
	return single(a, err, accountView)
}

// readForChange reads an account that is about to be changed, in the version that the caller
// has seen.
func (h accountHandlers) readForChange(
	ctx context.Context, in *IfMatchInput,
) (account.Account, error) {
	acc, err := h.accounts.GetAccount(ctx, in.ID)
	if err != nil {
		return account.Account{}, err
	}
	return acc, in.matches(acc.Version)
}

// TimeZoneRequest moves an account to another time zone.
type TimeZoneRequest struct {
	TimeZone string `json:"time_zone" doc:"IANA name, such as America/Manaus"`
	Reason   string `json:"reason" doc:"Why, in your words: required, and kept in the audit"`
}

func (h accountHandlers) changeTimeZone(
	ctx context.Context, in *IfMatchInput, r TimeZoneRequest,
) (*roomOutput[AccountDetail], error) {
	acc, err := h.readForChange(ctx, in)
	if err != nil {
		return nil, err
	}
	if _, err := h.accounts.ChangeTimeZone(ctx, account.TimeZoneChange{
		AccountID: acc.ID,
		TimeZone:  r.TimeZone,
		Version:   acc.Version,
		Reason:    r.Reason,
	}); err != nil {
		return nil, err
	}

	return h.getAccount(ctx, &in.IDInput)
}

// LanguageRequest sets a language.
type LanguageRequest struct {
	Locale string `json:"locale" doc:"The language as BCP 47, one of the program's: pt-BR or en"`
	Reason string `json:"reason" doc:"Why, in your words: required, and kept in the audit"`
}

func (h accountHandlers) changeLanguage(
	ctx context.Context, in *IfMatchInput, r LanguageRequest,
) (*roomOutput[AccountDetail], error) {
	acc, err := h.readForChange(ctx, in)
	if err != nil {
		return nil, err
	}
	if _, err := h.accounts.ChangeLanguage(ctx, account.LanguageChange{
		AccountID: acc.ID,
		Locale:    r.Locale,
		Version:   acc.Version,
		Reason:    r.Reason,
	}); err != nil {
		return nil, err
	}

	return h.getAccount(ctx, &in.IDInput)
}

func (h accountHandlers) changeMemberLanguage(
	ctx context.Context, in *IDInput, r LanguageRequest,
) (*one[MembershipView], error) {
	m, err := h.people.ChangeMemberLanguage(ctx, in.ID, r.Locale, r.Reason)
	return single(m, err, membershipView)
}

// MembershipRequest changes a member; what is missing stays.
type MembershipRequest struct {
	Role   identity.MemberRole   `json:"role,omitempty" enum:"ADMIN,READ_ONLY" doc:"The new role; missing: it stays"`
	State  rules.MembershipState `json:"state,omitempty" enum:"ACTIVE,SUSPENDED,REMOVED" doc:"The new state; missing: it stays"`
	Reason string                `json:"reason" doc:"Why, in your words: required, and kept in the audit"`
}

func (h accountHandlers) changeMembership(
	ctx context.Context, in *IDInput, r MembershipRequest,
) (*one[MembershipView], error) {
	var f fieldCheck
	f.fail(r.Role != "" && r.Role != identity.RoleAdmin && r.Role != identity.RoleReadOnly, "/role",
		"UNKNOWN_ROLE", "There is no such role.", "Send ADMIN or READ_ONLY.")
	f.fail(r.State != "" && r.State != rules.MembershipActive &&
		r.State != rules.MembershipSuspended && r.State != rules.MembershipRemoved,
		"/state", "UNKNOWN_STATE", "There is no such state.", "Send ACTIVE, SUSPENDED or REMOVED.")
	f.fail(r.Role == "" && r.State == "", "", rules.Required, "Nothing is to be changed.",
		"Send role or state.")
	f.fail(strings.TrimSpace(r.Reason) == "", "/reason", rules.Required,
		"A change of a member needs a reason.", "Send the reason along.")
	if err := rules.Invalid(f.fields); err != nil {
		return nil, err
	}

	m, err := h.people.GetMembership(ctx, in.ID)
	if err != nil {
		return nil, err
	}

	if r.Role == "" {
		r.Role = m.Role
	}
	if r.State == "" {
		r.State = m.State
	}

	m, err = h.people.ChangeMembership(ctx, in.ID, r.Role, r.State, r.Reason)
	return single(m, err, membershipView)
}

// AssignCSMRequest names the manager.
type AssignCSMRequest struct {
	CSMID  string `json:"csm_id" doc:"Id of the customer success manager, who must be active"`
	Reason string `json:"reason" doc:"Why, in your words: required, and kept in the audit"`
}

func (h accountHandlers) assignCSM(
	ctx context.Context, in *IfMatchInput, r AssignCSMRequest,
) (*roomOutput[AccountDetail], error) {
	acc, err := h.readForChange(ctx, in)
	if err != nil {
		return nil, err
	}
	if _, err := h.accounts.AssignCSM(ctx, account.CSMAssignment{
		AccountID: acc.ID,
		CSMID:     r.CSMID,
		Version:   acc.Version,
		Reason:    r.Reason,
	}); err != nil {
		return nil, err
	}

	return h.getAccount(ctx, &in.IDInput)
}
