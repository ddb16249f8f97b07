package api

import (
	"context"
	"fmt"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"roomcover.dev/roomcover/mail/inbound"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/mailbox"
	"roomcover.dev/roomcover/models/warranty"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/cover"
	rule "roomcover.dev/roomcover/rules/ticket"
)

// mailboxHandlers answer what is asked about the items of the mailbox: what people wrote to it, or
// into the form on the web, and operators decide (S56).
type mailboxHandlers struct{ mailbox *mailbox.Mailbox }

func (h mailboxHandlers) routes(api huma.API) {
	desk := route{
		Tag:          "Mailbox",
		Scope:        Operator,
		Capability:   rules.WorkTasks,
		OperatorOnly: true,
	}

	const (
		all = "/v1/mailbox-items"
		one = all + "/{id}"
	)
	mount(api, desk.get("list-mailbox-items", all,
		"List what came into the mailbox, newest first"), h.list)
	mount(api, desk.get("get-mailbox-item", one,
		"Read an item of the mailbox, with what can be done about it").refuses(404), h.get)
	mount(api, desk.get("get-mailbox-mail", one+"/mail", "Get a mail as it came").
		refuses(404).produces(mediaMail), h.mail)
	mountJSON(api, desk.post("act-on-mailbox-item", one+"/commands/{command}",
		"Do one of the commands of an item of the mailbox").
		idempotent().refuses(404, 409, 412, 428), h.act)
}

// MailboxItemView is an item of the mailbox in a list.
type MailboxItemView struct {
	ID          string            `json:"id" doc:"Id of the item, such as inb_01kb…"`
	Kind        inbound.Kind      `json:"kind" enum:"LOST_INVITATION,WRONG_PERSON,EXPIRED_LINK,EXTRA_PERSON,MISSING_WARRANTY,OTHER,REPLY_BY_STRANGER" doc:"What it asks for: a guess, until an operator says it"`
	State       mailbox.ItemState `json:"state" enum:"OPEN,FILED,DONE,SPAM" doc:"Whether an operator still has to decide; FILED is only there to be read"`
	Channel     mailbox.Channel   `json:"channel" enum:"MAIL,FORM" doc:"How it came; into the form on the web anybody may type any address"`
	Reason      inbound.Reason    `json:"reason" enum:"PROVED,NO_TICKET,STRANGER,FORGED,UNPROVED,AUTOMATIC,REPORT,TOO_MANY,MANY_REOPENED,TICKET_GONE,NOT_COVERED,UNREADABLE" doc:"Why it became an item"`
	Sender      string            `json:"sender,omitempty" doc:"The address that it says it is from; missing once it is kept no more"`
	SenderName  string            `json:"sender_name,omitempty" doc:"The name that it says it is from"`
	Subject     string            `json:"subject,omitempty" doc:"Its subject"`
	Verdict     inbound.Verdict   `json:"verdict" enum:"PASS,FAIL,NONE" doc:"Whether the sender's domain says that the mail is from there: PASS, FAIL, or nobody knows"`
	Proof       mailbox.ProofKind `json:"proof,omitempty" enum:"CALL,CODE" doc:"The second proof of the sender; missing: none"`
	ProofFor    string            `json:"proof_for,omitempty" doc:"Id of the invitation that a CODE proves the sender for; a CALL proves them for all"`
	AccountID   string            `json:"account_id,omitempty" doc:"Id of the account that it is about, once that is known"`
	Further     int64             `json:"further" doc:"How many more mails of the sender came that day, beyond what a day keeps"`
	Decision    mailbox.Decision  `json:"decision,omitempty" enum:"ANSWERED,SPAM,REISSUED,RECIPIENT_CHANGED,PERSON_ADDED,WARRANTY_DECIDED,ADDED_TO_TICKET,TICKET_OPENED" doc:"What was decided"`
	DecisionRef string            `json:"decision_ref,omitempty" doc:"Id of what came of it: an invitation, a warranty or a ticket"`
	DecidedBy   string            `json:"decided_by,omitempty" doc:"Id of who decided"`
	DecidedAt   *time.Time        `json:"decided_at,omitempty" doc:"When it was decided; an instant in UTC"`
	CreatedAt   time.Time         `json:"created_at" doc:"When it came; an instant in UTC"`
	Version     int64             `json:"version" doc:"Grows by one with each change; it is the ETag of the object"`
}

func mailboxItemView(i mailbox.InboxItem) MailboxItemView {
	return MailboxItemView{
		ID:          i.ID,
		Kind:        i.Kind,
		State:       i.State,
		Channel:     i.Channel,
		Reason:      i.Reason,
		Sender:      i.Sender,
		SenderName:  i.SenderName,
		Subject:     i.Subject,
		Verdict:     i.Verdict,
		Proof:       i.Proof,
		ProofFor:    i.ProofFor,
		AccountID:   text(i.AccountID),
		Further:     i.Further,
		Decision:    i.Decision,
		DecisionRef: i.DecisionRef,
		DecidedBy:   i.DecidedBy,
		DecidedAt:   i.DecidedAt,
		CreatedAt:   i.CreatedAt,
		Version:     i.Version,
	}
}

// MailboxItemDetail is an item with what its mail says, what is known of the sender, and what can
// be done.
type MailboxItemDetail struct {
	MailboxItemView
	Text        string              `json:"text,omitempty" doc:"What was written, as plain text"`
	Quoted      string              `json:"quoted,omitempty" doc:"What it quotes of an earlier mail, as plain text"`
	Files       []MailboxFile       `json:"files" nullable:"false" doc:"Its files; their content is in the mail as it came"`
	Ticket      string              `json:"ticket,omitempty" doc:"Number of the ticket that it answers, by a proof"`
	Hinted      string              `json:"hinted,omitempty" doc:"Number of a ticket in its subject, which anybody can type"`
	ProofNote   string              `json:"proof_note,omitempty" doc:"What was noted of the call"`
	ProvedBy    string              `json:"proved_by,omitempty" doc:"Id of the operator who took the proof"`
	ProvedAt    *time.Time          `json:"proved_at,omitempty" doc:"When it was taken; an instant in UTC"`
	CodeFor     string              `json:"code_for,omitempty" doc:"Id of the invitation whose seller got the last code"`
	CodeUntil   *time.Time          `json:"code_until,omitempty" doc:"Until when that code works; an instant in UTC. Missing: none is open"`
	Invitations []MailboxInvitation `json:"invitations" nullable:"false" doc:"Invitations to the sender, and those that you look for, newest first"`
	Members     []MailboxMember     `json:"members" nullable:"false" doc:"Accounts in which the sender's address signs in"`
	Warranties  []MailboxWarranty   `json:"warranties" nullable:"false" doc:"Earlier warranties of those accounts that nobody has decided on"`
	Suggested   string              `json:"suggested" enum:"reissue,redirect,add_person,decide_warranty,add_to_ticket,answer" doc:"The command that usually settles what it asks for"`
	Commands    []MailboxCommand    `json:"commands" nullable:"false" doc:"What can be done, what follows, and what stands in the way"`
}

// MailboxFile is a file of a mail.
type MailboxFile struct {
	Name        string `json:"name" doc:"Its name, as the mail gives it"`
	ContentType string `json:"content_type" doc:"Its kind, as the mail gives it"`
	Size        int64  `json:"size" doc:"In bytes"`
}

// MailboxInvitation is an invitation that an item may be about.
type MailboxInvitation struct {
	ID          string                `json:"id" doc:"Id of the invitation"`
	AccountID   string                `json:"account_id" doc:"Id of the account"`
	Company     string                `json:"company" doc:"Name of the account"`
	Email       string                `json:"email" doc:"The address that it went to"`
	ContactName string                `json:"contact_name,omitempty" doc:"Who was invited"`
	Role        identity.MemberRole   `json:"role" enum:"ADMIN,READ_ONLY" doc:"What the person is invited as"`
	State       rules.InvitationState `json:"state" doc:"How far it has come"`
	ExpiresAt   time.Time             `json:"expires_at" doc:"When its link ends; an instant in UTC"`
	PONumber    string                `json:"po_number,omitempty" doc:"The purchase order that it came with"`
	Seller      string                `json:"seller,omitempty" doc:"The reseller on that order, who can be sent a code"`
}

// MailboxMember is an account in which the sender's address signs in.
type MailboxMember struct {
	AccountID string              `json:"account_id" doc:"Id of the account"`
	Company   string              `json:"company" doc:"Name of the account"`
	UserID    string              `json:"user_id" doc:"Id of the person who signs in"`
	Name      string              `json:"name" doc:"Their name"`
	Role      identity.MemberRole `json:"role" enum:"ADMIN,READ_ONLY" doc:"Their role there"`
}

// MailboxWarranty is an earlier warranty that waits for a decision.
type MailboxWarranty struct {
	ID        string `json:"id" doc:"Id of the earlier warranty"`
	AccountID string `json:"account_id,omitempty" doc:"Id of the account"`
	Serial    string `json:"serial" doc:"Serial number of the device"`
	PONumber  string `json:"po_number,omitempty" doc:"The purchase order that it is said to come with"`
}

// MailboxCommand previews a command: what it is about, where its link or mail would go, and why
// it is refused now.
type MailboxCommand struct {
	Command   mailbox.Action    `json:"command" enum:"reissue,redirect,add_person,decide_warranty,open_ticket,add_to_ticket,answer,spam,note_call,send_code" doc:"Word for {command}"`
	About     string            `json:"about,omitempty" doc:"Id of the invitation, the account or the warranty, or number of the ticket, that it is about"`
	AccountID string            `json:"account_id,omitempty" doc:"Id of the account"`
	To        string            `json:"to,omitempty" doc:"The address that a link, a code or the answer would go to"`
	Refused   mailbox.Hindrance `json:"refused,omitempty" enum:"DISOWNED,NOT_PROVED,NOT_ADMIN,NO_SENDER,NO_SELLER,ACCEPTED,ROLE,DECIDED,TEXT_GONE,ENOUGH_CODES" doc:"What stands in its way; missing: nothing that is known before it is sent"`
}

func mailboxItemDetail(l mailbox.Look) MailboxItemDetail {
	v := MailboxItemDetail{
		MailboxItemView: mailboxItemView(l.InboxItem),
		Text:            l.Body,
		Quoted:          l.Quoted,
		Ticket:          l.Ticket,
		Hinted:          l.Hinted,
		ProofNote:       l.ProofNote,
		ProvedBy:        l.ProvedBy,
		ProvedAt:        l.ProvedAt,
		CodeFor:         l.CodeFor,
		CodeUntil:       l.CodeUntil,
		Suggested:       string(l.Suggested()),
		Files: viewed(l.Attachments, func(f mailbox.ItemFile) MailboxFile {
			return MailboxFile{Name: f.Name, ContentType: f.ContentType, Size: f.Size}
		}),
	}
	v.Invitations = viewed(l.Invitations, func(i mailbox.FoundInvitation) MailboxInvitation {
		return MailboxInvitation{
			ID:          i.ID,
			AccountID:   i.AccountID,
			Company:     i.AccountName,
			Email:       i.Email,
			ContactName: i.ContactName,
			Role:        i.Role,
			State:       i.State,
			ExpiresAt:   i.ExpiresAt,
			PONumber:    i.Seller.PONumber,
			Seller:      i.Seller.Company,
		}
	})
	v.Members = viewed(l.Members, func(m mailbox.FoundMember) MailboxMember {
		return MailboxMember{
			AccountID: m.AccountID,
			Company:   m.AccountName,
			UserID:    m.UserID,
			Name:      m.Name,
			Role:      m.Role,
		}
	})
	v.Warranties = viewed(l.Warranties, func(w warranty.EarlierWarranty) MailboxWarranty {
		return MailboxWarranty{
			ID:        w.ID,
			AccountID: text(w.AccountID),
			Serial:    w.Serial,
			PONumber:  w.PONumber,
		}
	})
	v.Commands = viewed(l.Offers, func(o mailbox.Offer) MailboxCommand {
		return MailboxCommand{
			Command:   o.Action,
			About:     o.About,
			AccountID: o.Account,
			To:        o.To,
			Refused:   o.Why,
		}
	})
	return v
}

type listMailboxInput struct {
	ListInput
	State string `query:"state" enum:"OPEN,FILED,DONE,SPAM" doc:"Only items in this state"`
	Kind  string `query:"kind" enum:"LOST_INVITATION,WRONG_PERSON,EXPIRED_LINK,EXTRA_PERSON,MISSING_WARRANTY,OTHER,REPLY_BY_STRANGER" doc:"Only items that ask for this"`
}

func (h mailboxHandlers) list(
	ctx context.Context, in *listMailboxInput,
) (*pageOf[MailboxItemView], error) {
	items, next, err := h.mailbox.ListItems(ctx, mailbox.ItemFilter{
		State: mailbox.ItemState(in.State),
		Kind:  inbound.Kind(in.Kind),
		Page:  in.page(),
	})
	return listed(items, next, err, mailboxItemView)
}

type mailboxItemInput struct {
	IDInput
	Email     string `query:"email" maxLength:"254" doc:"Show the invitations to this address as well"`
	OrderID   string `query:"order_id" maxLength:"64" doc:"Show the invitations of this order as well"`
	AccountID string `query:"account_id" maxLength:"64" doc:"Show what this account has as well"`
}

func (h mailboxHandlers) get(
	ctx context.Context, in *mailboxItemInput,
) (*roomOutput[MailboxItemDetail], error) {
	return h.detail(ctx, in.ID, mailbox.LookAt{
		Email:     in.Email,
		OrderID:   in.OrderID,
		AccountID: in.AccountID,
	})
}

func (h mailboxHandlers) detail(
	ctx context.Context, id string, at mailbox.LookAt,
) (*roomOutput[MailboxItemDetail], error) {
	l, err := h.mailbox.Look(ctx, id, at)
	if err != nil {
		return nil, err
	}
	return &roomOutput[MailboxItemDetail]{etag(l.Version), mailboxItemDetail(l)}, nil
}

const mediaMail = "message/rfc822"

// mailFile is a mail as it came, which no browser opens by itself and no cache keeps.
type mailFile struct {
	ContentType  string `header:"Content-Type" doc:"Always message/rfc822"`
	Disposition  string `header:"Content-Disposition" doc:"Name under which a browser saves the file"`
	CacheControl string `header:"Cache-Control" doc:"How long the answer may be kept"`
	Body         []byte
}

func (h mailboxHandlers) mail(ctx context.Context, in *IDInput) (*mailFile, error) {
	item, err := h.mailbox.GetItem(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	content, err := h.mailbox.RawBytes(ctx, item.MailID)
	if err != nil {
		return nil, err
	}
	return &mailFile{
		ContentType:  mediaMail,
		Disposition:  fmt.Sprintf(`attachment; filename="%s.eml"`, item.ID),
		CacheControl: "private, no-store",
		Body:         content,
	}, nil
}

// MailboxCommandRequest is what the commands need; each takes its own fields.
type MailboxCommandRequest struct {
	InvitationID string              `json:"invitation_id,omitempty" doc:"reissue, redirect, send_code: id of the invitation"`
	Email        string              `json:"email,omitempty" doc:"redirect, add_person: the person's address"`
	ContactName  string              `json:"contact_name,omitempty" doc:"redirect, add_person: the person's name"`
	AccountID    string              `json:"account_id,omitempty" doc:"add_person: id of the account; decide_warranty: whose an imported one is"`
	Role         identity.MemberRole `json:"role,omitempty" enum:"ADMIN,READ_ONLY" doc:"add_person: what the person is invited as; an administrator only where there is none"`
	WarrantyID   string              `json:"warranty_id,omitempty" doc:"decide_warranty: id of the earlier warranty"`
	Link         bool                `json:"link,omitempty" doc:"decide_warranty: link it; else it is refused"`
	StartsOn     string              `json:"starts_on,omitempty" doc:"decide_warranty: first day of a claimed one, as YYYY-MM-DD"`
	LastDay      string              `json:"last_day,omitempty" doc:"decide_warranty: last covered day of a claimed one, as YYYY-MM-DD"`
	Reason       string              `json:"reason,omitempty" doc:"reissue, redirect, add_person, decide_warranty: why; goes into the audit"`
	Text         string              `json:"text,omitempty" doc:"answer: what the sender reads; note_call: whom you called, at which number that was known before, and what was said; open_ticket: what is wrong, missing: what the mail says"`
	Language     string              `json:"language,omitempty" doc:"answer, add_person: BCP 47 tag of the mail's language; missing: the sender's, as it seems"`
	Kind         inbound.Kind        `json:"kind,omitempty" doc:"set_kind: what the item asks for"`
	Code         string              `json:"code,omitempty" doc:"prove: the six digits that the sender tells"`
	UserID       string              `json:"user_id,omitempty" doc:"open_ticket: id of the member who wrote"`
	RoomID       string              `json:"room_id,omitempty" doc:"open_ticket: id of the room"`
	DeviceID     string              `json:"device_id,omitempty" doc:"open_ticket: id of the device; its room follows"`
	ContractID   string              `json:"contract_id,omitempty" doc:"open_ticket: id of the contract, where neither is named"`
	Category     rule.Category       `json:"category,omitempty" enum:"SETUP,HARDWARE,SOFTWARE,QUESTION" doc:"open_ticket: what kind of help is needed"`
	Usable       rule.Usable         `json:"usable,omitempty" enum:"NO,PARTLY,YES" doc:"open_ticket: whether the room can be used, from which the severity follows"`
	Severity     int                 `json:"severity,omitempty" doc:"open_ticket: the severity itself, 1 to 4"`
	Summary      string              `json:"summary,omitempty" doc:"open_ticket: what it is about, on one line"`
}

type mailboxCommandInput struct {
	IDInput
	IfMatch string `header:"If-Match" doc:"Required: the ETag of what you looked at; * is not enough"`
	Command string `path:"command" maxLength:"32" doc:"What to do"`
}

func (h mailboxHandlers) act(
	ctx context.Context, in *mailboxCommandInput, q MailboxCommandRequest,
) (*roomOutput[MailboxItemDetail], error) {
	item, err := h.mailbox.GetItem(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	version, err := decisionInput{in.IDInput, in.IfMatch}.version(item.Version)
	if err != nil {
		return nil, err
	}
	if err := mailbox.Action(in.Command).CheckWords(q.Text, q.Reason); err != nil {
		return nil, err
	}
	if err := h.do(ctx, in.Command, item.ID, version, q); err != nil {
		return nil, refusedCover(ctx, err)
	}
	return h.detail(ctx, item.ID, mailbox.LookAt{})
}

// do does what the word of a command stands for.
func (h mailboxHandlers) do(
	ctx context.Context, command, id string, version int64, q MailboxCommandRequest,
) (err error) {
	box := h.mailbox
	switch mailbox.Action(command) {
	case mailbox.ActReissue:
		_, err = box.ReissueInvitation(ctx, id, version, q.InvitationID, q.Reason)
	case mailbox.ActRedirect:
		_, err = box.ChangeRecipient(ctx, id, version, identity.Reissue{
			ID:          q.InvitationID,
			Email:       q.Email,
			ContactName: q.ContactName,
			Reason:      q.Reason,
		})
	case mailbox.ActAddPerson:
		_, err = box.AddPerson(ctx, id, version, identity.NewInvite{
			AccountID:   q.AccountID,
			Email:       q.Email,
			ContactName: q.ContactName,
			Role:        q.Role,
			Locale:      q.Language,
			Reason:      q.Reason,
		})
	case mailbox.ActWarranty:
		_, err = box.LinkWarranty(ctx, id, version, q.WarrantyID, warranty.WarrantyDecision{
			Link:      q.Link,
			AccountID: q.AccountID,
			StartsOn:  q.StartsOn,
			LastDay:   q.LastDay,
			Reason:    q.Reason,
		})
	case mailbox.ActOpenTicket:
		_, err = box.OpenTicket(ctx, id, version, mailbox.NewTicket{
			RoomID:     q.RoomID,
			DeviceID:   q.DeviceID,
			ContractID: q.ContractID,
			Category:   q.Category,
			Usable:     q.Usable,
			Severity:   cover.Severity(q.Severity),
			Summary:    q.Summary,
			Text:       q.Text,
			For:        q.UserID,
		})
	case mailbox.ActAddToTicket:
		_, err = box.AddToTicket(ctx, id, version)
	case mailbox.ActAnswer:
		_, err = box.Answer(ctx, id, version, q.Text, q.Language)
	case mailbox.ActSpam:
		_, err = box.MarkSpam(ctx, id, version)
	case mailbox.ActNoteCall:
		_, err = box.NoteCall(ctx, id, version, q.Text)
	case mailbox.ActSendCode:
		_, err = box.SendCode(ctx, id, version, q.InvitationID)
	case mailbox.ActProve:
		_, err = box.ProveByCode(ctx, id, version, q.Code)
	case mailbox.ActSetKind:
		_, err = box.SetKind(ctx, id, version, q.Kind)
	default:
		err = rules.Refuse(rules.NotFound, "There is no such command.",
			"See the commands of the item.")
	}
	return err
}
