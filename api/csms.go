package api

import (
	"cmp"
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/rules"
)

// csmHandlers answer what is asked about customer success managers.
type csmHandlers struct{ accounts *account.Accounts }

func (h csmHandlers) routes(api huma.API) {
	read := route{
		Tag:          "Customer success managers",
		Scope:        AccountsRead,
		Capability:   rules.AssignCSM,
		OperatorOnly: true,
	}

	write := route{
		Tag:          "Customer success managers",
		Scope:        AccountsWrite,
		Capability:   rules.ManageCSMs,
		OperatorOnly: true,
	}

	mount(api, read.get("list-csms", "/v1/csms", "List customer success managers, newest first"),
		h.listCSMs)
	mount(api, read.get("get-csm", "/v1/csms/{id}", "Read a customer success manager").
		refuses(404), h.getCSM)
	mountJSON(api, write.post("create-csm", "/v1/csms", "Add a customer success manager").
		answers(http.StatusCreated).idempotent(), h.createCSM)
	mountJSON(api, write.patch("change-csm", "/v1/csms/{id}",
		"Change a customer success manager, or note that one has left").
		refuses(404, 409, 412, 428), h.changeCSM)
}

// CSMContact is whom a customer turns to.
type CSMContact struct {
	ID     string `json:"id" doc:"Id of the customer success manager, such as csm_01kb…"`
	Name   string `json:"name" doc:"The person's name"`
	Email  string `json:"email" doc:"Address to write to"`
	Phone  string `json:"phone,omitempty" doc:"Number to call, with + and the country's code"`
	Active bool   `json:"active" doc:"Whether the person still does it; one who has left is shown to operators only"`
}

func csmContact(c account.CSM) CSMContact {
	return CSMContact{
		ID:     c.ID,
		Name:   c.Name,
		Email:  c.Email,
		Phone:  c.Phone,
		Active: c.Active,
	}
}

// CSMView is a customer success manager.
type CSMView struct {
	CSMContact
	CreatedAt time.Time `json:"created_at" doc:"When it was recorded; an instant in UTC"`
	Version   int64     `json:"version" doc:"Grows by one with each change; it is the ETag of the object"`
}

func csmView(c account.CSM) CSMView { return CSMView{csmContact(c), c.CreatedAt, c.Version} }

func csmAnswer(c account.CSM, err error) (*roomOutput[CSMView], error) {
	if err != nil {
		return nil, err
	}
	return &roomOutput[CSMView]{etag(c.Version), csmView(c)}, nil
}

func (h csmHandlers) listCSMs(ctx context.Context, in *ListInput) (*pageOf[CSMView], error) {
	all, next, err := h.accounts.ListCSMs(ctx, in.page())
	return listed(all, next, err, csmView)
}

func (h csmHandlers) getCSM(ctx context.Context, in *IDInput) (*roomOutput[CSMView], error) {
	return csmAnswer(h.accounts.GetCSM(ctx, in.ID))
}

// CSMRequest is a manager to add.
type CSMRequest struct {
	Name   string `json:"name" doc:"The person's name"`
	Email  string `json:"email" doc:"Address at work; customers see it"`
	Phone  string `json:"phone,omitempty" doc:"Number at work, with + and the country's code; customers see it"`
	Reason string `json:"reason" doc:"Why, in your words: required, and kept in the audit"`
}

func (h csmHandlers) createCSM(
	ctx context.Context, _ *struct{}, r CSMRequest,
) (*roomOutput[CSMView], error) {
	return csmAnswer(h.accounts.CreateCSM(ctx, rules.CSMForm{
		Name:  r.Name,
		Email: r.Email,
		Phone: r.Phone,
	}, r.Reason))
}

// CSMChangeRequest changes a manager; what is missing stays.
type CSMChangeRequest struct {
	Name   string  `json:"name,omitempty" doc:"The person's name; missing: it stays"`
	Email  string  `json:"email,omitempty" doc:"Address to write to; missing: it stays"`
	Phone  *string `json:"phone,omitempty" doc:"Number at work, with + and the country's code; empty: none any more"`
	Active *bool   `json:"active,omitempty" doc:"Whether the person still does it; false: has left"`
	Reason string  `json:"reason" doc:"Why, in your words: required, and kept in the audit"`
}

func (h csmHandlers) changeCSM(
	ctx context.Context, in *IfMatchInput, r CSMChangeRequest,
) (*roomOutput[CSMView], error) {
	c, err := h.accounts.GetCSM(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if err := in.matches(c.Version); err != nil {
		return nil, err
	}

	form := rules.CSMForm{
		Name:  cmp.Or(r.Name, c.Name),
		Email: cmp.Or(r.Email, c.Email),
		Phone: *cmp.Or(r.Phone, &c.Phone),
	}
	return csmAnswer(h.accounts.ChangeCSM(ctx, in.ID, account.CSMChange{
		Form:    form,
		Active:  *cmp.Or(r.Active, &c.Active),
		Version: c.Version,
		Reason:  r.Reason,
	}))
}
