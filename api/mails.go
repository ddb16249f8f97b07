package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/rules"
)

// mailHandlers answer what is asked about mails.
type mailHandlers struct{ notifications *notification.Notifications }

func (h mailHandlers) routes(api huma.API) {
	work := route{
		Tag:          "Mail",
		Scope:        Operator,
		Capability:   rules.WorkTasks,
		OperatorOnly: true,
	}

	mount(api, work.get("list-notifications", "/v1/notifications",
		"List mails and their delivery state, newest first"), h.listMails)
	mount(api, work.get("get-notification", "/v1/notifications/{id}",
		"Read a mail's delivery state").
		refuses(404), h.getMail)

	mount(api, work.post("resend-notification", "/v1/notifications/{id}/resend",
		"Send a mail again that failed or whose fate is unknown").
		answers(http.StatusAccepted).idempotent().refuses(404), h.resendMail)
}

// MailView is a mail to one recipient.
type MailView struct {
	ID         string                  `json:"id" doc:"Id of the mail, such as ntf_01kb…"`
	Template   string                  `json:"template" doc:"What the mail says: the name of its template, such as invitation"`
	Step       string                  `json:"step,omitempty" doc:"What a mail about a replacement or a spare unit tells, such as SHIPPED or REMINDER"`
	SubjectID  string                  `json:"subject_id" doc:"Id of what the mail is about"`
	OrderID    string                  `json:"order_id,omitempty" doc:"Id of the order that it came from, such as ord_01kb…"`
	AccountID  string                  `json:"account_id,omitempty" doc:"Id of the customer's account, such as acc_01kb…"`
	Recipient  string                  `json:"recipient" doc:"Address that it goes to"`
	Locale     string                  `json:"locale" doc:"Its language, as BCP 47: pt-BR or en"`
	State      rules.NotificationState `json:"state" enum:"QUEUED,SENDING,SENT,DELIVERED,SOFT_FAIL,HARD_BOUNCED,SUPPRESSED,UNKNOWN" doc:"How far it is"`
	Attempts   int                     `json:"attempts" doc:"How often it was handed over to the mail server"`
	SentAt     *time.Time              `json:"sent_at,omitempty" doc:"When the mail server took it; an instant in UTC"`
	ProviderID string                  `json:"provider_id,omitempty" doc:"The mail server's own id of it"`
	LastError  string                  `json:"last_error,omitempty" doc:"What the mail server said last, in short"`
	CreatedAt  time.Time               `json:"created_at" doc:"When it was queued; an instant in UTC"`
}

func mailView(n notification.Notification) MailView {
	step, _ := n.Params["step"].(string)
	return MailView{
		ID:         n.ID,
		Template:   n.Template,
		Step:       step,
		SubjectID:  n.SubjectID,
		OrderID:    text(n.OrderID),
		AccountID:  text(n.AccountID),
		Recipient:  n.Recipient,
		Locale:     n.Locale,
		State:      n.State,
		Attempts:   n.Attempts,
		SentAt:     n.SentAt,
		ProviderID: n.ProviderID,
		LastError:  n.LastError,
		CreatedAt:  n.CreatedAt,
	}
}

type listMailsInput struct {
	ListInput
	OrderID   string `query:"order_id" maxLength:"64" doc:"Only mails about this order"`
	SubjectID string `query:"subject_id" maxLength:"64" doc:"Only mails about this, such as an invitation, by its id; an RMA or a spare unit by its number too"`
	State     string `query:"state" enum:"QUEUED,SENDING,SENT,DELIVERED,SOFT_FAIL,HARD_BOUNCED,SUPPRESSED,UNKNOWN" doc:"Only mails in this state"`
}

func (h mailHandlers) listMails(
	ctx context.Context, in *listMailsInput,
) (*pageOf[MailView], error) {
	mails, next, err := h.notifications.ListNotifications(ctx, notification.NotificationFilter{
		OrderID:   in.OrderID,
		SubjectID: in.SubjectID,
		State:     rules.NotificationState(in.State),
		Page:      in.page(),
	})
	return listed(mails, next, err, mailView)
}

func (h mailHandlers) getMail(ctx context.Context, in *IDInput) (*one[MailView], error) {
	n, err := h.notifications.GetNotification(ctx, in.ID)
	return single(n, err, mailView)
}

func (h mailHandlers) resendMail(ctx context.Context, in *IDInput) (*one[MailView], error) {
	if err := h.notifications.ResendMail(ctx, in.ID); err != nil {
		return nil, err
	}
	return h.getMail(ctx, in)
}
