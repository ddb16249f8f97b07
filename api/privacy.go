package api

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"roomcover.dev/roomcover/models/privacy"
	"roomcover.dev/roomcover/rules"
)

// privacyHandlers answer what is asked about people's data: exports and erasures (S33).
type privacyHandlers struct{ privacy *privacy.Privacy }

func (h privacyHandlers) routes(api huma.API) {
	desk := route{
		Tag:        "Personal data",
		Scope:      Privacy,
		Capability: rules.ManagePrivacy,
		NoSellers:  true,
	}

	const (
		all = "/v1/privacy-requests"
		one = all + "/{id}"
	)
	mount(api, desk.get("list-privacy-requests", all,
		"List requests about people's data, newest first"), h.list)
	mount(api, desk.get("get-privacy-request", one, "Read a request about a person's data").
		refuses(404), h.get)
	mountJSON(api, desk.post("create-privacy-request", all,
		"Ask for an export or an erasure of a person's data").
		answers(http.StatusAccepted).idempotent().refuses(404, 409), h.create)
	mount(api, desk.get("get-privacy-export", one+"/export", "Get the file of an export").
		refuses(404, 409).produces(mediaZIP), h.export)
}

// PrivacyRequestBody asks about a person.
type PrivacyRequestBody struct {
	Kind      string `json:"kind" doc:"EXPORT or ERASURE"`
	AccountID string `json:"account_id,omitempty" doc:"Customers: whose member it is; a customer's token has its own. Operators leave it out"`
	UserID    string `json:"user_id,omitempty" doc:"Id of the person who signs in, such as usr_01kb…"`
	Email     string `json:"email,omitempty" doc:"Or the person's address; operators name with it people who do not sign in, too"`
	Confirm   string `json:"confirm,omitempty" doc:"Of an erasure: the person's address, once more"`
	Reason    string `json:"reason,omitempty" doc:"Why, in your words, without naming the person: required of operators, and kept"`
}

// PrivacyRequestView is a request about a person's data.
type PrivacyRequestView struct {
	ID          string     `json:"id" doc:"Id of the request, such as prv_01kb…"`
	Kind        string     `json:"kind" enum:"EXPORT,ERASURE" doc:"What is asked for"`
	State       string     `json:"state" enum:"ASKED,READY,DECIDE,DONE,EXPIRED" doc:"How far it has come"`
	AccountID   string     `json:"account_id,omitempty" doc:"Id of the account whose administrator asks; missing: the person, or an operator"`
	UserID      string     `json:"user_id,omitempty" doc:"Id of the person; missing for one who does not sign in"`
	Name        string     `json:"name" doc:"The person's name while it is known, then the pseudonym"`
	Email       string     `json:"email,omitempty" doc:"The person's address while it is known"`
	Pseudonym   string     `json:"pseudonym" doc:"What stands instead of the name after an erasure, such as Person 7F3K2A"`
	Reason      string     `json:"reason,omitempty" doc:"Why it was asked for"`
	RequestedBy string     `json:"requested_by" doc:"Id of who asked"`
	Rows        int64      `json:"rows" doc:"Of an erasure: how many rows were changed so far"`
	CreatedAt   time.Time  `json:"created_at" doc:"When it was asked for; an instant in UTC"`
	DoneAt      *time.Time `json:"done_at,omitempty" doc:"When it was done; an instant in UTC, missing while it is under way"`
	ExpiresAt   *time.Time `json:"expires_at,omitempty" doc:"Of an export: from when on there is no file; an instant in UTC"`
}

func privacyView(r privacy.Request) PrivacyRequestView {
	return PrivacyRequestView{
		ID:          r.ID,
		Kind:        string(r.Kind),
		State:       string(r.State),
		AccountID:   text(r.AccountID),
		UserID:      text(r.UserID),
		Name:        r.Name,
		Email:       r.Email,
		Pseudonym:   r.Pseudonym,
		Reason:      r.Reason,
		RequestedBy: r.RequestedBy,
		Rows:        r.Gone,
		CreatedAt:   r.CreatedAt,
		DoneAt:      r.DoneAt,
		ExpiresAt:   r.ExpiresAt,
	}
}

type listPrivacyInput struct {
	ListInput
	AccountID string `query:"account_id" maxLength:"64" doc:"Only those that this account's administrators asked for"`
	Kind      string `query:"kind" enum:"EXPORT,ERASURE" doc:"Only those of this kind"`
	State     string `query:"state" enum:"ASKED,READY,DECIDE,DONE,EXPIRED" doc:"Only those that have come so far"`
}

func (h privacyHandlers) list(
	ctx context.Context, in *listPrivacyInput,
) (*pageOf[PrivacyRequestView], error) {
	rows, next, err := h.privacy.ListRequests(ctx, privacy.Filter{
		AccountID: in.AccountID,
		Kind:      privacy.Kind(in.Kind),
		State:     privacy.State(in.State),
		Page:      in.page(),
	})
	return listed(rows, next, err, privacyView)
}

func (h privacyHandlers) get(
	ctx context.Context, in *IDInput,
) (*one[PrivacyRequestView], error) {
	r, err := h.privacy.GetRequest(ctx, in.ID)
	return single(r, err, privacyView)
}

type privacyOutput struct {
	Location string `header:"Location" doc:"Path of the object"`
	Body     PrivacyRequestView
}

func (h privacyHandlers) create(
	ctx context.Context, _ *struct{}, body PrivacyRequestBody,
) (*privacyOutput, error) {
	r, err := h.privacy.Ask(ctx, privacy.NewRequest{
		Kind:      privacy.Kind(body.Kind),
		AccountID: accountOf(ctx, body.AccountID),
		UserID:    body.UserID,
		Email:     body.Email,
		Confirm:   body.Confirm,
		Reason:    body.Reason,
	})
	if err != nil {
		return nil, err
	}
	r, err = h.privacy.GetRequest(ctx, r.ID)
	if err != nil {
		return nil, err
	}
	return &privacyOutput{Location: "/v1/privacy-requests/" + r.ID, Body: privacyView(r)}, nil
}

const mediaZIP = "application/zip"

// zipFile is a file with a person's data, which no cache keeps.
type zipFile struct {
	ContentType  string `header:"Content-Type" doc:"Always application/zip"`
	Disposition  string `header:"Content-Disposition" doc:"Name under which a browser saves the file"`
	CacheControl string `header:"Cache-Control" doc:"How long the answer may be kept"`
	Body         []byte
}

func (h privacyHandlers) export(ctx context.Context, in *IDInput) (*zipFile, error) {
	content, err := h.privacy.FetchExport(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return &zipFile{
		ContentType:  mediaZIP,
		Disposition:  fmt.Sprintf(`attachment; filename="%s.zip"`, in.ID),
		CacheControl: "private, no-store",
		Body:         content,
	}, nil
}
