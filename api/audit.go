package api

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/rules"
)

// auditHandlers answer who did what for whom.
type auditHandlers struct {
	db         *db.DB
	operations *operations.Operations
}

func (h auditHandlers) routes(api huma.API) {
	read := route{
		Tag:          "Audit",
		Scope:        Operator,
		Capability:   rules.ViewAudit,
		OperatorOnly: true,
	}

	mount(api, read.get("list-audit", "/v1/audit", "List who did what for whom, newest first"),
		h.listAudit)
	mount(api, read.get("verify-chain", "/v1/audit/chains/{id}",
		"Check one chain of the audit").refuses(404), h.verifyChain)
}

// AuditEventView is something that somebody did.
type AuditEventView struct {
	ID         string         `json:"id" doc:"Id of the event, such as aud_01kb…"`
	At         time.Time      `json:"at" doc:"When it was done; an instant in UTC"`
	ActorID    string         `json:"actor_id" doc:"Who did it: id of a person or token; system for the service itself, command_line, or visitor for somebody signed out"`
	Role       rules.Role     `json:"role" doc:"In which role"`
	ActingOrg  string         `json:"acting_org,omitempty" doc:"Id of the organization that they acted for"`
	OnBehalfOf string         `json:"on_behalf_of,omitempty" doc:"Id of the account that an operator or partner acted for"`
	Verb       string         `json:"verb" doc:"What was done, as a stable word such as order.accepted"`
	ObjectID   string         `json:"object_id" doc:"Id of what it was done to"`
	AccountID  string         `json:"account_id,omitempty" doc:"Id of the customer's account that it is about"`
	Reason     string         `json:"reason,omitempty" doc:"The reason that they gave"`
	Details    map[string]any `json:"details" nullable:"false" doc:"Further facts, by name; persons by id alone"`
	RequestID  string         `json:"request_id,omitempty" doc:"Id of the request that did it"`
	ChainID    string         `json:"chain_id" doc:"Id of the chain that it stands in, for verify-chain"`
	Place      int64          `json:"place" doc:"Its place in the chain, from 1"`
}

// auditEventView leaves the caller's address out: it is kept to find a thief by, and erased.
func auditEventView(e db.AuditEvent) AuditEventView {
	reason, _ := e.Details["reason"].(string)
	return AuditEventView{
		ID:         e.ID,
		At:         e.At,
		ActorID:    e.ActorID,
		Role:       e.ActorRole,
		ActingOrg:  e.ActingOrg,
		OnBehalfOf: e.OnBehalfOf,
		Verb:       e.Verb,
		ObjectID:   e.ObjectID,
		AccountID:  text(e.AccountID),
		Reason:     reason,
		Details:    e.Details,
		RequestID:  e.RequestID,
		ChainID:    e.ChainID,
		Place:      e.Seq,
	}
}

type listAuditInput struct {
	ListInput
	Person  string `query:"person" maxLength:"100" doc:"Only what this one did: an id, a name, an e-mail address, or a part of them"`
	Account string `query:"account" maxLength:"100" doc:"Only what is about this customer: an account's id, or a part of the company's name"`
	Thing   string `query:"thing" maxLength:"100" doc:"Only what was done to this: an id, or the number of an order, a replacement or a spare unit"`
	Verb    string `query:"verb" maxLength:"100" doc:"Only what was done, such as order.rejected; with a period at its end all of a kind, such as order."`
	Since   string `query:"since" maxLength:"40" format:"date-time" doc:"Only from this instant on"`
	Until   string `query:"until" maxLength:"40" format:"date-time" doc:"Only before this instant"`
}

// filter reads how the list is narrowed. What is called by a name is found, or refused.
func (in listAuditInput) filter(
	ctx context.Context, o *operations.Operations,
) (db.AuditFilter, error) {
	f := db.AuditFilter{Verb: in.Verb, Page: in.page()}
	for _, s := range []struct {
		what, typed string
		id          *string
	}{
		{operations.AuditPerson, in.Person, &f.Person},
		{operations.AuditAccount, in.Account, &f.AccountID},
		{operations.AuditThing, in.Thing, &f.Thing},
	} {
		id, err := o.AuditSubject(ctx, s.what, s.typed)
		if err != nil {
			return f, err
		}
		if s.typed != "" && id == "" {
			return f, invalidParameter("/query/"+s.what, "Nobody and nothing is called that.")
		}
		*s.id = id
	}

	for _, s := range []struct {
		name, typed string
		at          *time.Time
	}{{"since", in.Since, &f.Since}, {"until", in.Until, &f.Until}} {
		if s.typed == "" {
			continue
		}
		at, err := time.Parse(time.RFC3339, s.typed)
		if err != nil {
			return f, invalidParameter("/query/"+s.name, "This is not an instant.")
		}
		*s.at = at
	}
	return f, nil
}

func (h auditHandlers) listAudit(
	ctx context.Context, in *listAuditInput,
) (*pageOf[AuditEventView], error) {
	f, err := in.filter(ctx, h.operations)
	if err != nil {
		return nil, err
	}
	events, next, err := h.db.AuditTrail(ctx, f)
	return listed(events, next, err, auditEventView)
}

// ChainView is what a check of one chain found.
type ChainView struct {
	ChainID string           `json:"chain_id" doc:"Id of the chain: that of an account, an order, a replacement or another thing with a chain of its own"`
	Events  int64            `json:"events" doc:"How many events it has"`
	Holds   bool             `json:"holds" doc:"Whether each event is as it was written, and none is missing"`
	Faults  []ChainFaultView `json:"faults" nullable:"false" doc:"What does not hold; empty: nothing"`
}

// ChainFaultView is a link that does not hold.
type ChainFaultView struct {
	Place   int64  `json:"place" doc:"Place in the chain, from 1"`
	EventID string `json:"event_id,omitempty" doc:"Id of the event; missing: it is not there"`
	Fault   string `json:"fault" doc:"What is wrong, in English"`
}

func (h auditHandlers) verifyChain(
	ctx context.Context, in *struct {
		ID string `path:"id" maxLength:"64" doc:"Id of the chain, as events name it in chain_id"`
	},
) (*one[ChainView], error) {
	report, err := h.db.VerifyChain(ctx, in.ID)
	return single(report, err, func(r db.AuditReport) ChainView {
		return ChainView{
			ChainID: in.ID,
			Events:  r.Events,
			Holds:   len(r.Faults) == 0,
			Faults: viewed(r.Faults, func(f db.AuditFault) ChainFaultView {
				return ChainFaultView{Place: f.Seq, EventID: f.EventID, Fault: f.Fault}
			}),
		}
	})
}
