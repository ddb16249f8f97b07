package api

import (
	"cmp"
	"context"
	"net/http"
	"time"

	"roomcover.dev/roomcover/models"
	"roomcover.dev/roomcover/rules"
)

func (s *service) csmRoutes() {
	read := route{Method: get, Tag: "Customer success managers", Scope: AccountsRead, Capability: rules.AssignCSM, OperatorOnly: true}
	write := route{Method: post, Tag: "Customer success managers", Scope: AccountsWrite, Capability: rules.ManageCSMs, OperatorOnly: true}
	mount(s, read.at("list-csms", "/v1/csms", "List customer success managers, newest first"), s.listCSMs)
	mount(s, read.at("get-csm", "/v1/csms/{id}", "Read a customer success manager", 404), s.getCSM)
	create := write.at("create-csm", "/v1/csms", "Add a customer success manager")
	create.Body, create.Status, create.Idempotent = CSMRequest{}, http.StatusCreated, true
	create.Description = "One of the operator's people, whom customers turn to by name (R35e)."
	mount(s, create, s.createCSM)
	change := write.at("change-csm", "/v1/csms/{id}", "Change a customer success manager, or note that one has left", 404, 409, 412, 428)
	change.Method, change.Body = http.MethodPatch, CSMChangeRequest{}
	change.Description = "Each account of one who has left asks operators for another: a task ASSIGN_CSM. Its customers are no longer shown the name."
	mount(s, change, s.changeCSM)
	assign := route{ID: "assign-csm", Method: put, Path: "/v1/accounts/{id}/csm", Tag: "Accounts", Summary: "Name an account's customer success manager",
		Description: "The first fulfilled Select order of a customer asks for one (R35e): a task ASSIGN_CSM, which this settles. The account's version is the ETag of the account.",
		Scope:       AccountsWrite, Capability: rules.AssignCSM, OperatorOnly: true, Body: AssignCSMRequest{}, Errors: []int{404, 409, 412, 428}}
	mount(s, assign, s.assignCSM)
}

// CSMContact is whom a customer turns to.
type CSMContact struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Email  string `json:"email"`
	Phone  string `json:"phone,omitempty"`
	Active bool   `json:"active" doc:"false: has left; only operators still see who it was"`
}

func csmContact(c models.CSM) CSMContact {
	return CSMContact{c.ID, c.Name, c.Email, c.Phone, c.Active}
}

// CSMView is a customer success manager.
type CSMView struct {
	CSMContact
	CreatedAt time.Time `json:"created_at"`
	Version   int64     `json:"version"`
}

func csmView(c models.CSM) CSMView { return CSMView{csmContact(c), c.CreatedAt, c.Version} }

func csmAnswer(c models.CSM, err error) (*roomOutput[CSMView], error) {
	if err != nil {
		return nil, err
	}
	return &roomOutput[CSMView]{etag(c.Version), csmView(c)}, nil
}

func (s *service) listCSMs(ctx context.Context, in *ListInput) (*pageOf[CSMView], error) {
	all, next, err := s.store.ListCSMs(ctx, in.page())
	return listed(all, next, err, csmView)
}

func (s *service) getCSM(ctx context.Context, in *IDInput) (*roomOutput[CSMView], error) {
	return csmAnswer(s.store.GetCSM(ctx, in.ID))
}

// CSMRequest is a manager to add.
type CSMRequest struct {
	Name   string `json:"name"`
	Email  string `json:"email" doc:"At work; customers see it"`
	Phone  string `json:"phone,omitempty" doc:"At work, as people dial it; customers see it"`
	Reason string `json:"reason" doc:"Required; goes into the audit"`
}

func (s *service) createCSM(ctx context.Context, _ *struct{}) (*roomOutput[CSMView], error) {
	r, err := decode[CSMRequest](ctx)
	if err != nil {
		return nil, err
	}
	return csmAnswer(s.store.CreateCSM(ctx, rules.CSMForm{Name: r.Name, Email: r.Email, Phone: r.Phone}, r.Reason))
}

// CSMChangeRequest changes a manager; what is missing stays.
type CSMChangeRequest struct {
	Name   string  `json:"name,omitempty"`
	Email  string  `json:"email,omitempty"`
	Phone  *string `json:"phone,omitempty" doc:"Empty: none any more"`
	Active *bool   `json:"active,omitempty" doc:"false: has left"`
	Reason string  `json:"reason" doc:"Required; goes into the audit"`
}

func (s *service) changeCSM(ctx context.Context, in *IfMatchInput) (*roomOutput[CSMView], error) {
	r, err := decode[CSMChangeRequest](ctx)
	if err != nil {
		return nil, err
	}
	c, err := s.store.GetCSM(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if err := in.matches(c.Version); err != nil {
		return nil, err
	}
	form := rules.CSMForm{Name: cmp.Or(r.Name, c.Name), Email: cmp.Or(r.Email, c.Email), Phone: *cmp.Or(r.Phone, &c.Phone)}
	return csmAnswer(s.store.ChangeCSM(ctx, in.ID, models.CSMChange{Form: form, Active: *cmp.Or(r.Active, &c.Active), Version: c.Version, Reason: r.Reason}))
}

// AssignCSMRequest names the manager.
type AssignCSMRequest struct {
	CSMID  string `json:"csm_id" doc:"Of one who is active"`
	Reason string `json:"reason" doc:"Required; goes into the audit"`
}

func (s *service) assignCSM(ctx context.Context, in *IfMatchInput) (*roomOutput[AccountDetail], error) {
	r, err := decode[AssignCSMRequest](ctx)
	if err != nil {
		return nil, err
	}
	acc, err := s.store.GetAccount(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if err := in.matches(acc.Version); err != nil {
		return nil, err
	}
	if _, err := s.store.AssignCSM(ctx, models.CSMAssignment{AccountID: acc.ID, CSMID: r.CSMID, Version: acc.Version, Reason: r.Reason}); err != nil {
		return nil, err
	}
	return s.getAccount(ctx, &in.IDInput)
}
