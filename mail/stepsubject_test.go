package mail

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/messages"
	"roomcover.dev/roomcover/rules"
)

// subjectOf renders a template's sample under the default program's subject.
func subjectOf(t *testing.T, template, locale string, changes map[string]any) string {
	t.Helper()
	c := sampleContent(t, template, locale, changes)
	c.Subject = rules.DefaultSubjects("Logitech Select")[template][locale]
	c.OwnSubject = false
	subject, _, _, err := Render(c)
	require.NoError(t, err)
	return subject
}

func TestSubjectsSayWhatHappenedToWhichDevice(t *testing.T) {
	shipped := map[string]any{
		"step": "SHIPPED", "rma": "RMA-7F3K2", "model": "Neat Bar", "room": "Sala Rio",
	}
	require.Equal(t, "Neat Bar in Sala Rio: the new device is on its way (RMA-7F3K2)",
		subjectOf(t, "rma_update", "en", shipped))
	require.Equal(t, "Neat Bar, Sala Rio: o equipamento novo está a caminho (RMA-7F3K2)",
		subjectOf(t, "rma_update", "pt-BR", shipped))

	cables := map[string]any{"step": "REMINDER", "rma": "RMA-7F3K2", "quantity": 3, "room": nil}
	require.Equal(t, "3 × Rally Bar: reminder to return the faulty device (RMA-7F3K2)",
		subjectOf(t, "rma_update", "en", cables))

	spare := map[string]any{"step": "ON_SITE", "spare": "SPARE-9XK2M", "site": "Matriz"}
	require.Equal(t, "Spare Rally Bar for Matriz: it has arrived (SPARE-9XK2M)",
		subjectOf(t, "spare_update", "en", spare))
	require.Equal(t, "Sobressalente Rally Bar, Matriz: chegou (SPARE-9XK2M)",
		subjectOf(t, "spare_update", "pt-BR", spare))
}

func TestEachStepHasASubjectOfItsOwn(t *testing.T) {
	for template, steps := range map[string][]string{
		"rma_update": rmaSteps, "spare_update": spareSteps,
	} {
		for _, locale := range messages.Locales() {
			seen := map[string]string{}
			for _, step := range steps {
				subject := subjectOf(t, template, locale, map[string]any{"step": step})
				require.NotContains(t, subject, "mail.", step)
				require.NotContains(t, subject, "{", step)
				require.Empty(t, seen[subject], "%s and %s", step, seen[subject])
				seen[subject] = step
			}
		}
	}
}

func TestSubjectsOfOrdersSayWhichOrder(t *testing.T) {
	for template, want := range map[string][2]string{
		"order_review_reminder":    {"Logitech Select order is waiting for review (PO-4711)", "Pedido do Logitech Select aguarda análise (PO-4711)"},
		"order_rejected":           {"Logitech Select order rejected (PO-4711)", "Pedido do Logitech Select recusado (PO-4711)"},
		"order_cancelled":          {"Logitech Select order canceled (RC-2026-000123)", "Cancelamento de pedido do Logitech Select (RC-2026-000123)"},
		"order_reopened":           {"Logitech Select order back in review (PO-4711)", "Pedido do Logitech Select em nova análise (PO-4711)"},
		"order_in_your_name":       {"Logitech Select order sent in your company's name (PO-4711)", "Pedido do Logitech Select enviado em nome da sua empresa (PO-4711)"},
		"invitation_unclaimed":     {"Logitech Select invitation not used (PO-4711)", "Convite do Logitech Select não utilizado (PO-4711)"},
		"invitation_undeliverable": {"Logitech Select invitation not delivered (PO-4711)", "Convite do Logitech Select não entregue (PO-4711)"},
	} {
		require.Equal(t, want[0], subjectOf(t, template, "en", nil))
		require.Equal(t, want[1], subjectOf(t, template, "pt-BR", nil))
	}

	require.Equal(t, "Logitech Select order canceled (PO-4711)",
		subjectOf(t, "order_cancelled", "en", map[string]any{"seller": true}), "a seller knows its own number")
	part := map[string]any{"whole": false, "quantity": 2, "remaining": 8}
	require.Equal(t, "Part of the Logitech Select order canceled (RC-2026-000123)",
		subjectOf(t, "order_cancelled", "en", part))
	require.Equal(t, "Cancelamento parcial de pedido do Logitech Select (RC-2026-000123)",
		subjectOf(t, "order_cancelled", "pt-BR", part))
	require.Equal(t, "Logitech Select order is waiting for review (ord_01k0example)",
		subjectOf(t, "order_review_reminder", "en", map[string]any{"po_number": nil}), "a mail of an earlier release")
}

func TestTheSubjectOfARenewalReminderSaysWhoseContractEndsWhen(t *testing.T) {
	seller := map[string]any{"seller": true, "company": "Hospital Central", "contract": "SO-12345"}
	require.Equal(t, "The Logitech Select contract of Hospital Central ends in 30 days (SO-12345)",
		subjectOf(t, "renewal_reminder", "en", seller))
	require.Equal(t, "O contrato do Logitech Select do Hospital Central termina em 30 dias (SO-12345)",
		subjectOf(t, "renewal_reminder", "pt-BR", seller))
	require.Equal(t, "Your Logitech Select contract ends in 1 day (SO-12345)",
		subjectOf(t, "renewal_reminder", "en", map[string]any{"days_left": 1, "contract": "SO-12345"}))
	require.Equal(t, "Seu contrato do Logitech Select termina hoje",
		subjectOf(t, "renewal_reminder", "pt-BR", map[string]any{"days_left": 0}), "a mail of an earlier release has no number")

	seller["service_type"] = "EXT_WARRANTY"
	require.Equal(t, "The contract of Hospital Central ends in 30 days (SO-12345)",
		subjectOf(t, "renewal_reminder", "en", seller), "which is not the program's own service")
}

// A room's name is the customer's: it makes neither a link (S64) nor a header of its own,
// and leaves place for what happened.
func TestANameInASubjectIsHarmless(t *testing.T) {
	for _, room := range []string{
		"=?utf-8?q?a=0ABcc:_b?=", "a\r\nBcc: b@evil.example", "visit evil.example",
		strings.Repeat("Auditório ", 40),
	} {
		subject := subjectOf(t, "rma_update", "en", map[string]any{"step": "SHIPPED", "room": room})
		require.True(t, headerText(subject), subject)
		require.NotContains(t, subject, "evil.example")
		require.Contains(t, subject, ": the new device is on its way (")
		require.Less(t, len([]rune(subject)), 200)
	}
}

func TestAProgramsOwnSubjectStays(t *testing.T) {
	c := sampleContent(t, "rma_update", "en", map[string]any{"step": "SHIPPED"})
	c.Subject = "Sala Segura {number}"
	subject, _, _, err := Render(c)
	require.NoError(t, err)
	require.Equal(t, "Sala Segura RMA-7F3K2", subject)
}

func TestTheMailsOfAThreadAreOneConversation(t *testing.T) {
	m := sample("ntf_1")
	m.Thread = "rma_01kb"
	c, failure := compose(m, "x.example")
	require.Nil(t, failure)
	header, _, _ := strings.Cut(string(c.content), "\r\n\r\n")
	require.Contains(t, header, "\r\nReferences: <rma_01kb@x.example>")
	require.Contains(t, header, "\r\nIn-Reply-To: <rma_01kb@x.example>")
	require.Contains(t, header, "Message-ID: <ntf_1@x.example>")

	alone, failure := compose(sample("ntf_2"), "x.example")
	require.Nil(t, failure)
	require.NotContains(t, string(alone.content), "References:")
}
