package activities_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/mail/inbound"
	"roomcover.dev/roomcover/mail/smtptest"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/mailbox"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/ordering"
)

func abroad(f *ordering.OrderForm) {
	f.EndCustomer.Address = rules.Address{
		Street:     "1 Main Street",
		City:       "Austin",
		Region:     "TX",
		PostalCode: "78701",
		Country:    "US",
	}
}

// Every mail that a domain queues is rendered and taken by an SMTP server, so
// that what models writes and what mail needs cannot drift apart.
func TestC7_EveryMailOfTheDomainsIsSent(t *testing.T) {
	for locale, change := range map[string]func(*ordering.OrderForm){
		"pt-BR": func(*ordering.OrderForm) {},
		"en":    abroad,
	} {
		t.Run(locale, func(t *testing.T) {
			b := newBench(t)
			b.writeEveryMail(change, locale)
			b.sendAll()
			// Each of the others has a test of its own: TestS44_AnAnswerToATicketsMailFindsTheTicket,
			// TestS33_AnExportHoldsOnePersonAlone, and those of S46, S47, S48, S51, S56 and S57.
			others := []string{
				rules.TemplateTicket, rules.TemplateExportReady, rules.TemplateSession,
				rules.TemplateParticipant, rules.TemplateMailboxCode, rules.TemplateDelegation,
				rules.TemplateOwnSignIn, rules.TemplateRoomHealth,
			}
			want := slices.DeleteFunc(rules.Templates(), func(template string) bool {
				return slices.Contains(others, template)
			})
			got := map[string]bool{}
			for _, n := range b.notifications() {
				if n.State == rules.NotificationSuppressed {
					continue
				}
				require.NotContains(t, n.LastError, "template", n.Template)
				got[n.Template] = true
			}
			slices.Sort(want)
			require.Equal(t, want, slices.Sorted(maps.Keys(got)))
			for _, m := range b.smtp.Messages() {
				require.Equal(t, map[string]string{
					"pt-BR": "Serviços de suporte da Logitech",
					"en":    "Logitech Support Services",
				}[m.Header.Get("Content-Language")], m.FromName, m.Subject)
				require.NotContains(t, m.Text+m.HTML, "<no value>")
				require.True(t, m.TLS)
			}
		})
	}
}

// writeEveryMail goes through everything that queues a mail.
func (b *bench) writeEveryMail(change func(*ordering.OrderForm), locale string) {
	t := b.t
	reseller := b.Reseller(t, "Revenda Sul")
	form := func(po string, more ...func(*ordering.OrderForm)) ordering.OrderForm {
		f := storetest.Form(po)
		change(&f)
		for _, m := range more {
			m(&f)
		}
		return f
	}
	gmail := func(f *ordering.OrderForm) { f.EndCustomer.Email = "ana@gmail.com" }
	other := func(name string) func(*ordering.OrderForm) {
		return func(f *ordering.OrderForm) {
			f.EndCustomer.Company = name
			f.EndCustomer.Email = strings.ToLower(name) + "@customer.example"
		}
	}
	rejected := b.Accept(t, reseller, form("PO-1", gmail))
	require.NoError(t, b.RemindReview(b.Context, rejected.ID, 1, time.Time{}))
	_, err := b.DecideOrder(b.operator(), rejected.ID, order.Decision{Version: 1, Reason: "unknown customer"})
	require.NoError(t, err)

	b.sendAll()
	at := b.Calendar.Now()
	b.Calendar.Set(at.Add(10 * time.Minute))
	_, err = b.ReopenOrder(b.operator(), rejected.ID, 2, "rejected by mistake")
	require.NoError(t, err)
	b.Calendar.Set(at)

	// A distributor orders in the reseller's name.
	b.Accept(t, b.Distributor(t, "Distribuidora Norte"), form("PO-7", other("Foxtrot")))

	// A member asks for a code and a password; a further administrator is invited.
	first := b.Fulfilled(t, reseller, form("PO-2"))
	inv := b.invitations(first.ID)[0]
	require.NoError(t, b.remindOnce(inv.ID))
	_, err = b.ChallengeInvited(b.Context, inv.ID, "browser", locale)
	require.NoError(t, err)
	b.sendAll()
	u := b.accept(inv, locale)
	require.NoError(t, b.SetPassword(b.Context, u.ID, "another"))
	require.NoError(t, b.ChallengeReset(b.Context, u.Email, locale))
	colleague, err := b.Invite(b.operator(), identity.NewInvite{
		AccountID: inv.AccountID,
		Email:     "colega@acme.example",
		Role:      identity.RoleReadOnly,
		Kind:      identity.InvitationForColleague,
	})
	require.NoError(t, err)

	// Orders name a colleague, about whom the administrator is asked, and a stranger,
	// whom an operator lets in. A second administrator is made one no more.
	named := func(email string) func(*ordering.OrderForm) {
		return func(f *ordering.OrderForm) { f.EndCustomer.Email = email }
	}
	b.Fulfilled(t, reseller, form("PO-3", named("rui.lima@acme.example")))
	stranger := b.Accept(t, reseller, form("PO-7", named("nova@customer.example")))
	_, err = b.DecideOrder(b.operator(), stranger.ID, order.Decision{
		Version:  1,
		Accept:   true,
		Reason:   "asked the customer",
		InviteAs: rules.InviteAsReadOnly,
		Email:    "nova@customer.example",
	})
	require.NoError(t, err)
	_, err = b.FulfilOrder(b.Context, stranger.ID)
	require.NoError(t, err)
	second := b.accept(colleague, locale)
	members, err := b.MembersOf(b.Context, inv.AccountID)
	require.NoError(t, err)
	for _, m := range members {
		if m.UserID == second.ID {
			for _, role := range []identity.MemberRole{identity.RoleAdmin, identity.RoleReadOnly} {
				_, err = b.ChangeMembership(storetest.Customer(inv.AccountID), m.ID, role, m.State, "a mistake")
				require.NoError(t, err)
			}
		}
	}

	// A device is to be replaced, by its own warranty.
	site := b.Site(t, inv.AccountID, "HQ", "BR", "SP")
	b.Device(t, b.Room(t, inv.AccountID, "Sala 1"), "SN-100", "MEETUP", "2026-06-01")
	_, err = b.RequestRMA(b.operator(), replacement.NewRMA{
		AccountID:       inv.AccountID,
		Serial:          "SN-100",
		SerialProof:     "invoice",
		SiteID:          site.ID,
		Fault:           "No picture",
		DefectConfirmed: true,
	})
	require.NoError(t, err)

	// Fifty licences earn a spare, whose model and site are proposed.
	b.Fulfilled(t, reseller, form("PO-50", func(f *ordering.OrderForm) { f.Lines[0].Quantity = 50 }))
	_, err = b.SelectSpare(storetest.CSM(), b.Units(t, inv.AccountID)[0].ID, replacement.SpareChoice{
		ModelCode: "MEETUP",
		SiteID:    site.ID,
	})
	require.NoError(t, err)

	// An order is cancelled; an invitation cannot be delivered; one is not claimed.
	cancelled := b.Fulfilled(t, reseller, form("PO-4", other("Delta")))
	_, c, err := b.CancelOrder(b.operator(), cancelled.ID, order.CancelRequest{Quantity: 4, Reason: "too many"})
	require.NoError(t, err)
	_, err = b.CompensateCancellation(b.Context, c.ID)
	require.NoError(t, err)
	b.smtp.Refuse(func(rcpt string) *smtptest.Error {
		if rcpt == "bounce@customer.example" {
			return &smtptest.Error{Code: 550, EnhancedCode: [3]int{5, 1, 1}, Message: "no such user"}
		}
		return nil
	})
	b.Fulfilled(t, reseller, form("PO-5", other("Bounce")))
	b.sendAll()
	unclaimed := b.invitations(b.Fulfilled(t, reseller, form("PO-6", other("Echo"))).ID)[0]
	b.Calendar.Set(unclaimed.ExpiresAt)
	require.NoError(t, b.ExpireInvitation(b.Context, unclaimed.ID))

	// Somebody writes to the mailbox, and an operator answers.
	b.Configure(mailbox.Options{Addresses: []string{"help@support.example"}})
	greeting := map[string]string{"pt-BR": "Bom dia, não recebi", "en": "Good morning"}[locale]
	raw, err := mailbox.ReadRaw(strings.NewReader("From: eva@stranger.example\r\n"+
		"Message-ID: <m1@stranger.example>\r\n\r\n"+greeting+"\r\n"), mailbox.MaxMail)
	require.NoError(t, err)
	mailID, _, err := b.Receive(b.Context, inbound.Envelope{To: "help@support.example"}, raw)
	require.NoError(t, err)
	require.NoError(t, b.Sort(b.Context, mailID))
	items, _, err := b.ListItems(b.operator(), mailbox.ItemFilter{})
	require.NoError(t, err)
	_, err = b.Answer(b.operator(), items[0].ID, items[0].Version, "OK.", locale)
	require.NoError(t, err)

	// The contracts start by themselves and come near their end.
	b.Calendar.Set(storetest.Now.AddDate(0, 0, 61))
	_, err = b.SweepContracts(b.Context, func(operations.Sweep) {})
	require.NoError(t, err)
	b.Calendar.Set(storetest.Now.AddDate(3, 0, 0))
	_, err = b.SweepContracts(b.Context, func(operations.Sweep) {})
	require.NoError(t, err)
}

// remindOnce queues a reminder of a live invitation.
func (b *bench) remindOnce(id string) error {
	live, err := b.RemindInvitation(b.Context, id, 7, time.Time{})
	require.True(b.t, live)
	return err
}

func TestR96_R100_ConfirmationAndItsCopies(t *testing.T) {
	b := newBench(t)
	o := b.Fulfilled(t, b.Reseller(t, "Revenda Sul"), storetest.Form("PO-1"))
	sent, err := b.send(o.ID)
	require.NoError(t, err)
	require.Equal(t, 3, sent.Sent)

	token := b.Secrets().InvitationToken(b.invitations(o.ID)[0].ID)
	for _, to := range []string{"ana.souza@acme.example", "pedidos@revendasul.example", "orders@norte.example"} {
		mails := b.received(to)
		require.Len(t, mails, 1, "one message each")
		m := mails[0]
		require.Equal(t, "Detalhes do contrato de serviço do Logitech Select", m.Subject)
		require.Equal(t, "Serviços de suporte da Logitech", m.FromName)
		require.Equal(t, []string{to}, m.To)
		for _, body := range []string{m.Text, strings.ReplaceAll(m.HTML, "\u00a0", " ")} {
			require.Contains(t, body, *o.VendorOrderNo, "R100b")
			require.Contains(t, body, "10 licenças")
			require.Contains(t, body, "22 de janeiro de 2027", "the latest start, S1")
			require.NotContains(t, body, token, "R100c")
			require.NotContains(t, body, "/invitation", "R100c")
		}
		raw := string(m.Raw)
		for _, address := range []string{
			"ana.souza@acme.example", "pedidos@revendasul.example", "orders@norte.example",
		} {
			if address != to {
				require.NotContains(t, raw, address, "A6: no address is disclosed")
			}
		}
	}
}

func TestR100a_ResellerAndDistributorOfOneAddressGetOneCopy(t *testing.T) {
	b := newBench(t)
	form := storetest.Form("PO-1")
	form.Distributor.Email = "PEDIDOS@RevendaSul.example"
	o := b.Fulfilled(t, b.Reseller(t, "Revenda Sul"), form)
	sent, err := b.send(o.ID)
	require.NoError(t, err)
	require.Equal(t, 2, sent.Sent)
	require.Len(t, b.received("pedidos@revendasul.example"), 1)
}

func TestR119_R103_InvitationGoesToTheDesignatedPersonAlone(t *testing.T) {
	b := newBench(t)
	o := b.Fulfilled(t, b.Reseller(t, "Revenda Sul"), storetest.Form("PO-1"))
	inv := b.invitations(o.ID)[0]
	_, err := b.send(inv.ID)
	require.NoError(t, err)
	require.Len(t, b.smtp.Messages(), 1)
	m := b.smtp.Messages()[0]
	require.Equal(t, []string{"ana.souza@acme.example"}, m.To, "R103: the envelope has one recipient")
	require.Equal(t, "Boas-vindas ao Logitech Select", m.Subject)
	require.Equal(t, "Serviços de suporte da Logitech", m.FromName)
	link := portal + "/invitation?token=" + b.Secrets().InvitationToken(inv.ID)
	require.Contains(t, m.Text, link+"&lang=pt-BR", "the page opens in the mail's language")
	require.Contains(t, m.HTML, link)
	require.Contains(t, m.Text, "23 de dezembro de 2026", "R121: the last day the link works")
	stored, _, err := b.ListNotifications(b.Context, notification.NotificationFilter{SubjectID: inv.ID})
	require.NoError(t, err)
	require.NotContains(t, stored[0].Params, "link", "the token stands nowhere but in the mail")
}

func TestR1_AnotherProgramIsShownInItsMails(t *testing.T) {
	b := newBench(t)
	ref, err := b.Reference(b.Context)
	require.NoError(t, err)
	p := ref.Program.Named("Ostra Care")
	p.SenderName = "Ostra Suporte"
	p.SenderNames = nil
	p.SenderAddress = "care@ostra.example"
	p.Mailbox = "ajuda@ostra.example"
	_, err = b.ChangeProgram(b.operator(), p, ref.Version)
	require.NoError(t, err)
	o := b.Fulfilled(t, b.Reseller(t, "Revenda Sul"), storetest.Form("PO-1"))
	_, err = b.send(o.ID)
	require.NoError(t, err)
	for _, m := range b.smtp.Messages() {
		require.Equal(t, "Detalhes do contrato de serviço do Ostra Care", m.Subject)
		require.Equal(t, "Ostra Suporte", m.FromName)
		require.Equal(t, "care@ostra.example", m.FromAddress)
		require.NotContains(t, m.Text+m.HTML, "Logitech")
	}
}

func TestS1_ConfirmationOfAStartedContractShowsItsPeriod(t *testing.T) {
	b := newBench(t)
	form := storetest.Form("PO-1")
	form.Lines = []ordering.OrderLine{{SKU: "JUMPSTART-BUNDLE", Quantity: 1}}
	for _, sku := range catalogue.DefaultCatalogue() {
		if sku.ServiceType == catalogue.ServiceJumpStart {
			form.Lines[0].SKU = sku.Code
		}
	}
	o := b.Fulfilled(t, b.Reseller(t, "Revenda Sul"), form)
	_, err := b.send(o.ID)
	require.NoError(t, err)
	text := b.received("ana.souza@acme.example")[0].Text
	require.Contains(t, text, "20 de novembro de 2026", "JumpStart runs from the purchase")
	require.Contains(t, text, "1 unidade\n", "R30a: counted in units")
	require.NotContains(t, text, "Total de licenças")
}
