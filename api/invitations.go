package api

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/rules"
)

// invitationHandlers answer what is asked about invitations.
type invitationHandlers struct {
	accounts *account.Accounts
	people   *identity.People
}

func (h invitationHandlers) routes(api huma.API) {
	read := route{
		Tag:          "Invitations",
		Scope:        AccountsRead,
		Capability:   rules.ViewAccount,
		OperatorOnly: true,
	}

	write := route{
		Tag:          "Invitations",
		Scope:        AccountsWrite,
		Capability:   rules.ManageUsers,
		OperatorOnly: true,
	}

	forget := route{
		Tag:          "Invitations",
		Scope:        AccountsWrite,
		Capability:   rules.ReviewOrders,
		OperatorOnly: true,
	}

	mount(api, read.get("list-invitations", "/v1/accounts/{id}/invitations",
		"List an account's invitations, newest first").
		refuses(404), h.listInvitations)
	mountJSON(api, write.post("invite", "/v1/accounts/{id}/invitations", "Invite one more person").
		answers(http.StatusCreated).idempotent().refuses(404), h.invite)
	mountJSON(api, write.post("reissue-invitation", "/v1/invitations/{id}/reissue",
		"Send an invitation again, to the same or another person").
		answers(http.StatusCreated).idempotent().refuses(404), h.reissue)

	mount(api, read.get("list-contact-questions", "/v1/accounts/{id}/contact-questions",
		"List whom an account's administrators were asked about, newest first").
		refuses(404), h.listContactQuestions)
	mount(api, read.get("get-contact-question", "/v1/contact-questions/{id}",
		"Read whom an account's administrators were asked about").
		refuses(404), h.getContactQuestion)
	mount(api, read.get("list-mail-domains", "/v1/accounts/{id}/mail-domains",
		"List the mail domains that are recorded as an account's own").
		refuses(404), h.listMailDomains)
	mountJSON(api, forget.post("forget-mail-domain",
		"/v1/accounts/{id}/mail-domains/{domain}/removal",
		"Remove a mail domain that is recorded as an account's own").
		refuses(404), h.forgetMailDomain)

	mountJSON(api, write.post("revoke-invitation", "/v1/invitations/{id}/revocation",
		"Withdraw an invitation").
		idempotent().refuses(404), h.revokeInvitation)
}

// InvitationView is an invitation, without its link.
type InvitationView struct {
	ID           string                  `json:"id" doc:"Id of the invitation, such as inv_01kb…"`
	AccountID    string                  `json:"account_id" doc:"Id of the customer's account, such as acc_01kb…"`
	OrderID      string                  `json:"order_id,omitempty" doc:"Id of the order that it came from, such as ord_01kb…"`
	Kind         identity.InvitationKind `json:"kind" enum:"ORDER,EXTRA,COLLEAGUE" doc:"Why the person is invited"`
	Email        string                  `json:"email" doc:"The only address that the invitation is sent to"`
	ContactName  string                  `json:"contact_name" doc:"Name of the invited person"`
	Role         identity.MemberRole     `json:"role" enum:"ADMIN,READ_ONLY" doc:"What the person may do once it is accepted"`
	State        rules.InvitationState   `json:"state" enum:"ISSUED,SENT,BOUNCED,ACCEPTED,EXPIRED,SUPERSEDED,REVOKED" doc:"How far it is"`
	StateSince   time.Time               `json:"state_since" doc:"When it came into this state; an instant in UTC"`
	IssuedAt     time.Time               `json:"issued_at" doc:"When it was issued; an instant in UTC. Its days count from here"`
	ExpiresAt    time.Time               `json:"expires_at" doc:"When it expires: an instant in UTC at which it is not good any more"`
	Locale       string                  `json:"locale,omitempty" doc:"Language of its mails, as BCP 47; missing: the account's. A person who signs in already is written to in their own"`
	SupersedesID string                  `json:"supersedes_id,omitempty" doc:"Id of the invitation that this one took the place of"`
	LastError    string                  `json:"last_error,omitempty" doc:"Why its mail could not be delivered, in short"`
}

func invitationView(i identity.Invitation) InvitationView {
	return InvitationView{
		ID:           i.ID,
		AccountID:    i.AccountID,
		OrderID:      text(i.OrderID),
		Kind:         i.Kind,
		Email:        i.Email,
		ContactName:  i.ContactName,
		Role:         i.Role,
		State:        i.State,
		StateSince:   i.StateSince,
		IssuedAt:     i.IssuedAt,
		ExpiresAt:    i.ExpiresAt,
		Locale:       i.Locale,
		SupersedesID: text(i.SupersedesID),
		LastError:    i.LastError,
	}
}

type accountListInput struct {
	IDInput
	ListInput
}

func (h invitationHandlers) listInvitations(
	ctx context.Context, in *accountListInput,
) (*pageOf[InvitationView], error) {
	if _, err := h.accounts.GetAccount(ctx, in.ID); err != nil {
		return nil, err
	}
	invitations, next, err := h.people.ListInvitations(ctx, in.ID, "", in.page())
	return listed(invitations, next, err, invitationView)
}

// InviteRequest invites one person.
type InviteRequest struct {
	Email       string              `json:"email" doc:"Address of the person; the link is sent there and nowhere else"`
	ContactName string              `json:"contact_name" doc:"Name of the person, as it stands in the mail"`
	Role        identity.MemberRole `json:"role" enum:"ADMIN,READ_ONLY" doc:"What the person may do once it is accepted"`
	Locale      string              `json:"locale,omitempty" doc:"Language of the mails, and of the page to which their link leads, as BCP 47: pt-BR or en; missing: the account's"`
	Reason      string              `json:"reason" doc:"Required: who asked for it; goes into the audit"`
}

func (h invitationHandlers) invite(
	ctx context.Context, in *IDInput, r InviteRequest,
) (*one[InvitationView], error) {
	if err := needReason(r.Reason); err != nil {
		return nil, err
	}
	if r.ContactName = strings.TrimSpace(r.ContactName); r.ContactName == "" {
		return nil, wrong("/contact_name", rules.Required, "The person's name is missing.",
			"Send the name of one person.")
	}

	i, err := h.people.Invite(ctx, identity.NewInvite{
		AccountID:   in.ID,
		Email:       r.Email,
		ContactName: r.ContactName,
		Role:        r.Role,
		Kind:        identity.InvitationForExtra,
		Locale:      r.Locale,
		Reason:      r.Reason,
	})
	return single(i, err, invitationView)
}

func needReason(reason string) error {
	if strings.TrimSpace(reason) == "" {
		return rules.ReasonMissing("This needs a reason.")
	}
	return nil
}

// ReissueRequest sends an invitation again. With another address it goes to
// another person, and the old one is revoked first (R51b).
type ReissueRequest struct {
	Reason      string `json:"reason" doc:"Why, in your words: required, and kept in the audit"`
	Email       string `json:"email,omitempty" doc:"Address of another person; missing: the same one"`
	ContactName string `json:"contact_name,omitempty" doc:"Name of the other person"`
	Locale      string `json:"locale,omitempty" doc:"Language of the mails, as BCP 47: pt-BR or en; missing: that of the invitation before"`
}

func (h invitationHandlers) reissue(
	ctx context.Context, in *IDInput, r ReissueRequest,
) (*one[InvitationView], error) {
	if err := needReason(r.Reason); err != nil {
		return nil, err
	}
	i, err := h.people.ReissueIn(ctx, in.ID, r.Email, strings.TrimSpace(r.ContactName), r.Locale,
		r.Reason)
	return single(i, err, invitationView)
}

func (h invitationHandlers) revokeInvitation(
	ctx context.Context, in *IDInput, r ReasonRequest,
) (*one[InvitationView], error) {
	if err := needReason(r.Reason); err != nil {
		return nil, err
	}
	i, err := h.people.RevokeInvitation(ctx, in.ID, r.Reason)
	return single(i, err, invitationView)
}

// ContactQuestionView is a person whom an order names and of whom the administrators of
// the account were asked whether they may come in (S15).
type ContactQuestionView struct {
	ID           string                 `json:"id" doc:"Id of the question, such as qst_01kb…"`
	AccountID    string                 `json:"account_id" doc:"Id of the customer's account, such as acc_01kb…"`
	OrderID      string                 `json:"order_id" doc:"Id of the order that names the person"`
	Email        string                 `json:"email" doc:"Address of the person whom the order names"`
	ContactName  string                 `json:"contact_name" doc:"Name of the person whom the order names"`
	Seller       string                 `json:"seller" doc:"The reseller's registered name"`
	SentBy       string                 `json:"sent_by,omitempty" doc:"Who sent the order, where it is not the seller"`
	State        identity.QuestionState `json:"state" enum:"OPEN,CONFIRMED,REFUSED,WITHDRAWN" doc:"WITHDRAWN: its order was canceled before somebody answered"`
	Role         identity.MemberRole    `json:"role,omitempty" enum:"ADMIN,READ_ONLY" doc:"What the person may do once an administrator confirms"`
	AskedAt      time.Time              `json:"asked_at" doc:"When the administrators were asked; an instant in UTC"`
	AnswerUntil  time.Time              `json:"answer_until" doc:"Until when the administrators alone decide, an instant in UTC; from then on an operator decides too, by the task DECIDE_CONTACT"`
	AnsweredAt   *time.Time             `json:"answered_at,omitempty" doc:"When one of them answered; an instant in UTC"`
	AnsweredBy   string                 `json:"answered_by,omitempty" doc:"Id of the person who answered"`
	InvitationID string                 `json:"invitation_id,omitempty" doc:"Id of the invitation that followed"`
}

func contactQuestionView(q identity.ContactQuestion) ContactQuestionView {
	return ContactQuestionView{
		ID:           q.ID,
		AccountID:    q.AccountID,
		OrderID:      q.OrderID,
		Email:        q.Email,
		ContactName:  q.ContactName,
		Seller:       q.Seller,
		SentBy:       q.SentBy,
		State:        q.Standing(),
		Role:         q.Role,
		AskedAt:      q.AskedAt,
		AnswerUntil:  q.AnswerUntil,
		AnsweredAt:   q.AnsweredAt,
		AnsweredBy:   q.AnsweredBy,
		InvitationID: text(q.InvitationID),
	}
}

func (h invitationHandlers) listContactQuestions(
	ctx context.Context, in *accountListInput,
) (*pageOf[ContactQuestionView], error) {
	if _, err := h.accounts.GetAccount(ctx, in.ID); err != nil {
		return nil, err
	}
	questions, next, err := h.people.ListContactQuestions(ctx, in.ID, "", in.page())
	return listed(questions, next, err, contactQuestionView)
}

func (h invitationHandlers) getContactQuestion(
	ctx context.Context, in *IDInput,
) (*one[ContactQuestionView], error) {
	q, err := h.people.GetContactQuestion(ctx, in.ID)
	return single(q, err, contactQuestionView)
}

// MailDomainsView lists an account's own mail domains.
type MailDomainsView struct {
	Domains []string `json:"domains" nullable:"false" doc:"Domains of the account's own addresses, such as acme.example"`
}

func (h invitationHandlers) listMailDomains(
	ctx context.Context, in *IDInput,
) (*one[MailDomainsView], error) {
	if _, err := h.accounts.GetAccount(ctx, in.ID); err != nil {
		return nil, err
	}
	domains, err := h.people.DomainsOf(ctx, in.ID)
	return single(domains, err, func(d []string) MailDomainsView { return MailDomainsView{d} })
}

// mailDomainInput names an account and one of its recorded mail domains.
type mailDomainInput struct {
	IDInput
	Domain string `path:"domain" maxLength:"253" doc:"The mail domain"`
}

func (h invitationHandlers) forgetMailDomain(
	ctx context.Context, in *mailDomainInput, r ReasonRequest,
) (*one[MailDomainsView], error) {
	if err := h.people.ForgetDomain(ctx, in.ID, in.Domain, r.Reason); err != nil {
		return nil, err
	}
	return h.listMailDomains(ctx, &in.IDInput)
}
