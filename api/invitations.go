package api

import (
	"context"
	"net/http"
	"strings"
	"time"

	"roomcover.dev/roomcover/models"
	"roomcover.dev/roomcover/rules"
)

func (s *service) invitationRoutes() {
	write := route{Method: post, Tag: "Invitations", Scope: AccountsWrite, Capability: rules.ManageUsers, OperatorOnly: true, Idempotent: true, Errors: []int{404}}
	mount(s, route{ID: "list-invitations", Method: get, Path: "/v1/accounts/{id}/invitations", Tag: "Invitations", Summary: "List an account's invitations, newest first",
		Scope: AccountsRead, Capability: rules.ViewAccount, OperatorOnly: true, Errors: []int{404}}, s.listInvitations)
	invite := write
	invite.ID, invite.Path, invite.Summary = "invite", "/v1/accounts/{id}/invitations", "Invite one more person"
	invite.Description, invite.Body, invite.Status = "A separate personal invitation; others stay as they are (R105).", InviteRequest{}, http.StatusCreated
	mount(s, invite, s.invite)
	reissue := write
	reissue.ID, reissue.Path, reissue.Summary = "reissue-invitation", "/v1/invitations/{id}/reissue", "Send an invitation again, to the same or another person"
	reissue.Description, reissue.Body, reissue.Status = "A new link with a fresh window; the old one is dead from now on (R51, R123).", ReissueRequest{}, http.StatusCreated
	mount(s, reissue, s.reissue)
	revoke := write
	revoke.ID, revoke.Path, revoke.Summary, revoke.Body = "revoke-invitation", "/v1/invitations/{id}/revocation", "Withdraw an invitation", ReasonRequest{}
	mount(s, revoke, s.revokeInvitation)
}

// InvitationView is an invitation, without its link.
type InvitationView struct {
	ID           string                `json:"id"`
	AccountID    string                `json:"account_id"`
	OrderID      string                `json:"order_id,omitempty"`
	Kind         models.InvitationKind `json:"kind" enum:"ORDER,EXTRA,COLLEAGUE"`
	Email        string                `json:"email"`
	ContactName  string                `json:"contact_name"`
	Role         models.MemberRole     `json:"role" enum:"ADMIN,READ_ONLY"`
	State        rules.InvitationState `json:"state" enum:"ISSUED,SENT,BOUNCED,ACCEPTED,EXPIRED,SUPERSEDED,REVOKED"`
	StateSince   time.Time             `json:"state_since"`
	IssuedAt     time.Time             `json:"issued_at"`
	ExpiresAt    time.Time             `json:"expires_at" doc:"Exclusive (R121)"`
	SupersedesID string                `json:"supersedes_id,omitempty"`
	LastError    string                `json:"last_error,omitempty"`
}

func invitationView(i models.Invitation) InvitationView {
	return InvitationView{i.ID, i.AccountID, text(i.OrderID), i.Kind, i.Email, i.ContactName, i.Role, i.State, i.StateSince, i.IssuedAt, i.ExpiresAt, text(i.SupersedesID), i.LastError}
}

type accountListInput struct {
	IDInput
	ListInput
}

func (s *service) listInvitations(ctx context.Context, in *accountListInput) (*pageOf[InvitationView], error) {
	if _, err := s.store.GetAccount(ctx, in.ID); err != nil {
		return nil, err
	}
	invitations, next, err := s.store.ListInvitations(ctx, in.ID, "", in.page())
	return listed(invitations, next, err, invitationView)
}

// InviteRequest invites one person.
type InviteRequest struct {
	Email       string            `json:"email"`
	ContactName string            `json:"contact_name"`
	Role        models.MemberRole `json:"role" enum:"ADMIN,READ_ONLY"`
	Reason      string            `json:"reason" doc:"Required: who asked for it; goes into the audit"`
}

func (s *service) invite(ctx context.Context, in *IDInput) (*one[InvitationView], error) {
	r, err := decode[InviteRequest](ctx)
	if err != nil {
		return nil, err
	}
	if err := needReason(r.Reason); err != nil {
		return nil, err
	}
	if r.ContactName = strings.TrimSpace(r.ContactName); r.ContactName == "" {
		return nil, wrong("/contact_name", rules.Required, "The person's name is missing.", "Send the name of one person.")
	}
	i, err := s.store.Invite(ctx, models.NewInvite{AccountID: in.ID, Email: r.Email, ContactName: r.ContactName, Role: r.Role, Kind: models.InvitationForExtra, Reason: r.Reason})
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
	Reason      string `json:"reason" doc:"Required; goes into the audit"`
	Email       string `json:"email,omitempty" doc:"Missing: the same person"`
	ContactName string `json:"contact_name,omitempty" doc:"The other person's name"`
}

func (s *service) reissue(ctx context.Context, in *IDInput) (*one[InvitationView], error) {
	r, err := decode[ReissueRequest](ctx)
	if err != nil {
		return nil, err
	}
	if err := needReason(r.Reason); err != nil {
		return nil, err
	}
	i, err := s.store.Reissue(ctx, in.ID, r.Email, strings.TrimSpace(r.ContactName), r.Reason)
	return single(i, err, invitationView)
}

func (s *service) revokeInvitation(ctx context.Context, in *IDInput) (*one[InvitationView], error) {
	r, err := decode[ReasonRequest](ctx)
	if err != nil {
		return nil, err
	}
	if err := needReason(r.Reason); err != nil {
		return nil, err
	}
	i, err := s.store.RevokeInvitation(ctx, in.ID, r.Reason)
	return single(i, err, invitationView)
}
