package api

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/program"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/cover"
)

// slaHandlers answer what is asked about the policies of support.
type slaHandlers struct {
	programs *program.Programs
}

func (h slaHandlers) routes(api huma.API) {
	read := route{
		Tag:          "Service levels",
		Scope:        CatalogueRead,
		Capability:   rules.ManageCatalogue,
		OperatorOnly: true,
	}
	write := read
	write.Scope = CatalogueWrite

	mount(api, read.get("list-sla-policies", "/v1/sla-policies",
		"List every version of what support promises"), h.list)
	mountJSON(api, write.post("publish-sla-policy", "/v1/sla-policies",
		"Publish the next version of what support promises for a service").
		answers(http.StatusCreated).idempotent(), h.publish)
}

// SLAPromiseView is what is promised for a severity.
type SLAPromiseView struct {
	FirstResponse string `json:"first_response" doc:"Until the first answer of a person: minutes such as 30M, hours such as 4H or business days such as 1BD; 4H/1H warns an hour before, else a warning comes when a quarter of the time is left"`
	Updates       string `json:"updates,omitempty" doc:"From one public text of support to the next, in the same form; missing: not promised"`
	Restore       string `json:"restore,omitempty" doc:"Until the room works again, in the same form; missing: measured, not promised"`
}

// SLAPolicyRequest is the next version of the policy of a service.
type SLAPolicyRequest struct {
	Service          catalogue.ServiceType     `json:"service" enum:"SELECT,JUMPSTART" doc:"Whose tickets are answered by it"`
	EffectiveFrom    string                    `json:"effective_from" format:"date" doc:"First day on which tickets are opened under it, YYYY-MM-DD; today or later. Tickets that are open keep theirs"`
	AlwaysOn         *bool                     `json:"always_on" nullable:"false" doc:"Required: whether hours count around the clock; else in the business hours of the room's calendar"`
	ThirdPartyPauses bool                      `json:"third_party_pauses,omitempty" doc:"Whether the clocks stand still while a ticket waits for a third party"`
	Promises         map[string]SLAPromiseView `json:"promises" nullable:"false" doc:"What is promised by severity, from 1 (the room is down) to 4 (a question)"`
	Reason           string                    `json:"reason" doc:"Why; goes into the audit"`
}

// SLAPolicyView is one version of a policy.
type SLAPolicyView struct {
	Code             string                    `json:"code" doc:"Code of the policy; tickets name it with its version"`
	Version          int                       `json:"version" doc:"Number of the version, from 1"`
	Service          catalogue.ServiceType     `json:"service" doc:"Whose tickets are answered by it: SELECT or JUMPSTART"`
	EffectiveFrom    string                    `json:"effective_from,omitempty" format:"date" doc:"First day on which tickets are opened under it, YYYY-MM-DD; missing: from the beginning. Of several versions that count the highest does"`
	AlwaysOn         bool                      `json:"always_on" doc:"Whether hours count around the clock"`
	ThirdPartyPauses bool                      `json:"third_party_pauses" doc:"Whether the clocks stand still while a ticket waits for a third party"`
	Promises         map[string]SLAPromiseView `json:"promises" nullable:"false" doc:"What is promised by severity, from 1 to 4"`
	Reason           string                    `json:"reason,omitempty" doc:"Why it was published"`
	PublishedAt      time.Time                 `json:"published_at" doc:"When it was published; an instant in UTC"`
}

func slaPolicyView(v program.SLAPolicyVersion) SLAPolicyView {
	promises := map[string]SLAPromiseView{}
	for s, p := range v.Promises {
		promises[strconv.Itoa(int(s))] = SLAPromiseView{
			FirstResponse: p.FirstResponse.String(),
			Updates:       p.Updates.String(),
			Restore:       p.Restore.String(),
		}
	}

	return SLAPolicyView{
		Code:             v.Code,
		Version:          v.Version,
		Service:          v.Service,
		EffectiveFrom:    v.EffectiveFrom,
		AlwaysOn:         v.AlwaysOn,
		ThirdPartyPauses: v.ThirdPartyPauses,
		Promises:         promises,
		Reason:           v.Reason,
		PublishedAt:      v.PublishedAt,
	}
}

func (h slaHandlers) list(ctx context.Context, _ *struct{}) (*pageOf[SLAPolicyView], error) {
	all, err := h.programs.ListSLAPolicies(ctx)
	return listed(all, "", err, slaPolicyView)
}

func (h slaHandlers) publish(
	ctx context.Context, _ *struct{}, r SLAPolicyRequest,
) (*one[SLAPolicyView], error) {
	var f fieldCheck
	f.fail(r.AlwaysOn == nil, "/always_on", rules.Required, "This field is missing.",
		"Send true or false.")
	policy := cover.SLAPolicy{
		Service:          r.Service,
		AlwaysOn:         r.AlwaysOn != nil && *r.AlwaysOn,
		ThirdPartyPauses: r.ThirdPartyPauses,
		Promises:         map[cover.Severity]cover.SLAPromise{},
		EffectiveFrom:    db.DateOf(r.EffectiveFrom),
	}

	for key, p := range r.Promises {
		at := "/promises/" + key
		n, err := strconv.Atoi(key)
		f.fail(err != nil || n < int(cover.Sev1) || n > int(cover.Sev4), "/promises",
			rules.OutOfRange, "There is no such severity.", "Name the severities 1 to 4.")
		policy.Promises[cover.Severity(n)] = cover.SLAPromise{
			FirstResponse: f.target(at+"/first_response", p.FirstResponse),
			Updates:       f.target(at+"/updates", p.Updates),
			Restore:       f.target(at+"/restore", p.Restore),
		}
	}
	if err := rules.Invalid(f.fields); err != nil {
		return nil, err
	}

	v, err := h.programs.PublishSLAPolicy(ctx, program.PolicyChange{
		Policy: policy,
		Reason: r.Reason,
	})
	return single(v, err, slaPolicyView)
}

// target reads a promised time.
func (f *fieldCheck) target(pointer, text string) cover.SLATarget {
	t, ok := cover.ParseSLATarget(text)
	f.fail(!ok, pointer, cover.InvalidTarget, "This is not a promised time.",
		"Send minutes, hours or business days, such as 30M, 4H, 1BD or 4H/1H.")
	return t
}
