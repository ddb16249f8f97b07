package api

import (
	"context"
	"net/http"
	"time"

	"roomcover.dev/roomcover/models"
	"roomcover.dev/roomcover/rules"
)

func (s *service) mailRoutes() {
	mount(s, route{ID: "list-notifications", Method: get, Path: "/v1/notifications", Tag: "Mail", Summary: "List mails and their delivery state, newest first",
		Scope: Operator, Capability: rules.WorkTasks, OperatorOnly: true}, s.listMails)
	mount(s, route{ID: "get-notification", Method: get, Path: "/v1/notifications/{id}", Tag: "Mail", Summary: "Read a mail's delivery state",
		Scope: Operator, Capability: rules.WorkTasks, OperatorOnly: true, Errors: []int{404}}, s.getMail)
	mount(s, route{ID: "resend-notification", Method: post, Path: "/v1/notifications/{id}/resend", Tag: "Mail", Summary: "Send a mail again that failed or whose fate is unknown",
		Scope: Operator, Capability: rules.WorkTasks, OperatorOnly: true, Status: http.StatusAccepted, Idempotent: true, Errors: []int{404}}, s.resendMail)
}

// MailView is a mail to one recipient.
type MailView struct {
	ID         string                  `json:"id"`
	Template   string                  `json:"template"`
	SubjectID  string                  `json:"subject_id" doc:"What the mail is about"`
	OrderID    string                  `json:"order_id,omitempty"`
	AccountID  string                  `json:"account_id,omitempty"`
	Recipient  string                  `json:"recipient"`
	Locale     string                  `json:"locale"`
	State      rules.NotificationState `json:"state" enum:"QUEUED,SENDING,SENT,DELIVERED,SOFT_FAIL,HARD_BOUNCED,SUPPRESSED,UNKNOWN"`
	Attempts   int                     `json:"attempts"`
	SentAt     *time.Time              `json:"sent_at,omitempty"`
	ProviderID string                  `json:"provider_id,omitempty"`
	LastError  string                  `json:"last_error,omitempty"`
	CreatedAt  time.Time               `json:"created_at"`
}

func mailView(n models.Notification) MailView {
	return MailView{n.ID, n.Template, n.SubjectID, text(n.OrderID), text(n.AccountID), n.Recipient, n.Locale, n.State, n.Attempts, n.SentAt, n.ProviderID, n.LastError, n.CreatedAt}
}

type listMailsInput struct {
	ListInput
	OrderID   string `query:"order_id" maxLength:"64" doc:"Only mails about this order"`
	SubjectID string `query:"subject_id" maxLength:"64" doc:"Only mails about this order or invitation"`
	State     string `query:"state" enum:"QUEUED,SENDING,SENT,DELIVERED,SOFT_FAIL,HARD_BOUNCED,SUPPRESSED,UNKNOWN" doc:"Only mails in this state"`
}

func (s *service) listMails(ctx context.Context, in *listMailsInput) (*pageOf[MailView], error) {
	mails, next, err := s.store.ListNotifications(ctx, models.NotificationFilter{OrderID: in.OrderID, SubjectID: in.SubjectID, State: rules.NotificationState(in.State), Page: in.page()})
	return listed(mails, next, err, mailView)
}

func (s *service) getMail(ctx context.Context, in *IDInput) (*one[MailView], error) {
	n, err := s.store.GetNotification(ctx, in.ID)
	return single(n, err, mailView)
}

func (s *service) resendMail(ctx context.Context, in *IDInput) (*one[MailView], error) {
	if err := s.store.ResendMail(ctx, in.ID); err != nil {
		return nil, err
	}
	return s.getMail(ctx, in)
}
